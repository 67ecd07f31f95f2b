"""The pages of handing over, of finding duplicates, of merging them and of taking that back."""

from datetime import date, timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from casework.followup.actions.merging import merge_clients
from clients.duplicates import duplicates_of, likely_duplicates
from clients.models import AuditEvent, Client, ClientMerge, ContactPoint
from tests import factories
from tests.followup.making import report
from tests.sessions.conftest import drafted, held

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


@pytest.fixture
def lee(team):
    return factories.counselor("Lee Osei", team=team)


@pytest.fixture
def twin(lee, team):
    return factories.client_of(lee, team=team, given_name="Alexander", family_name="Moreno")


@pytest.fixture
def as_sam(sam, browser):
    browser.force_login(sam)
    return browser


def at(name, *clients):
    keys = dict(zip(("uid", "other"), (one.uid for one in clients), strict=False))
    return reverse(f"followup:{name}", kwargs=keys)


def home(client):
    return reverse("desk:client", kwargs={"uid": client.uid})


def text(answer):
    return " ".join(answer.content.decode().split())


def same_number(one, other):
    point = one.contact_points.get()
    ContactPoint.objects.filter(client=other).update(value=point.value, normalized=point.normalized)


# --- finding ---------------------------------------------------------------------------------------------------------
def test_records_with_the_same_number_are_likely_one_person(alex, twin, sam, now):
    assert likely_duplicates(sam, at=now) == []
    same_number(alex, twin)
    (like,) = likely_duplicates(sam, at=now)
    assert {like.one, like.other} == {alex, twin}
    assert like.why == ("same number or address",)


@pytest.mark.parametrize(
    ("born", "other_born", "why"),
    [
        (None, None, ("same name",)),
        (date(1990, 5, 1), None, ("same name",)),
        (date(1990, 5, 1), date(1990, 5, 1), ("same birth date", "same name")),
        (date(1990, 5, 1), date(1991, 5, 1), ()),
    ],
)
def test_the_same_name_counts_unless_the_birth_dates_speak_against_it(
    alex, twin, sam, now, born, other_born, why
):
    Client.objects.filter(pk=alex.pk).update(date_of_birth=born)
    Client.objects.filter(pk=twin.pk).update(date_of_birth=other_born, given_name="ALEX")
    found = likely_duplicates(sam, at=now)
    assert [like.why for like in found] == ([why] if why else [])


def test_a_house_that_shares_a_phone_is_no_person(alex, dana, team, sam, now):
    for number in range(6):
        same_number(alex, factories.client_of(dana, team=team, given_name=f"Guest{number}", family_name="X"))
    assert likely_duplicates(sam, at=now) == []


def test_only_clients_whom_one_sees_are_compared(alex, twin, robin, sam, now):
    same_number(alex, twin)
    stranger = factories.supervisor("Kim Lund", team=robin.team_memberships.get().team)
    assert likely_duplicates(stranger, at=now) == []
    assert [like.other for like in duplicates_of(alex, sam, at=now)] == [twin]
    Client.objects.filter(pk=twin.pk).update(team=robin.team_memberships.get().team)
    twin.care_team.all().delete()
    assert duplicates_of(alex, sam, at=now) == []


def test_what_is_merged_is_no_duplicate_any_more(alex, twin, sam, now):
    same_number(alex, twin)
    merge_clients(survivor_id=alex.pk, merged_id=twin.pk, reason="Same", by=sam, now=now)
    assert likely_duplicates(sam, at=now) == []


def test_by_birth_date_and_family_name_too(alex, twin, sam, now):
    Client.objects.update(date_of_birth=date(1990, 5, 1))
    alex.refresh_from_db()
    (like,) = duplicates_of(alex, sam, at=now)
    assert (like.other, like.why) == (twin, ("same birth date",))


def test_the_list_of_pairs_is_audited_and_leads_to_the_comparison(as_sam, alex, twin):
    assert "No two records of your clients look alike." in text(as_sam.get(at("duplicates")))
    same_number(alex, twin)
    shown = text(as_sam.get(at("duplicates")))
    assert at("merge", alex, twin) in shown
    assert AuditEvent.objects.filter(verb="list.viewed").last().detail["ids"] == sorted([alex.pk, twin.pk])


def test_one_finds_the_other_record_by_a_search(as_sam, alex, twin):
    assert "No other record of yours shares" in text(as_sam.get(at("merge_choose", alex)))
    shown = text(as_sam.get(at("merge_choose", alex), {"q": "Alexander"}))
    assert at("merge", alex, twin) in shown
    assert "No other record of yours matches." in text(as_sam.get(at("merge_choose", alex), {"q": "Zoe"}))


# --- merging ---------------------------------------------------------------------------------------------------------
def test_both_records_stand_side_by_side_with_what_speaks_against_it(as_sam, alex, twin, dana, lee, sam):
    Client.objects.filter(pk=alex.pk).update(date_of_birth=date(1990, 5, 1))
    Client.objects.filter(pk=twin.pk).update(date_of_birth=date(1991, 5, 1))
    report(alex, dana, timezone.now() - DAY, stage="mental")
    report(twin, sam, timezone.now() - DAY)
    shown = text(as_sam.get(at("merge", alex, twin)))
    for said in (
        "The birth dates differ.",
        "The given names differ.",
        "They have no number or address in common.",
        f"Stays: {alex.record_number}",
        f"Is merged: {twin.record_number}",
        "One plan goes on: Physical",
        "Lee Osei does not, unless you put them on the care team.",
        "For 30 days this can be undone",
        at("merge", twin, alex),
    ):
        assert said in shown
    assert "The family names differ." not in shown
    assert set(AuditEvent.objects.filter(verb="record.viewed").values_list("client_id", flat=True)) == {
        alex.pk,
        twin.pk,
    }


def test_sam_merges_and_undoes(as_sam, alex, twin, sam):
    assert "This field is required." in text(as_sam.post(at("merge", alex, twin), {"reason": ""}))
    done = as_sam.post(at("merge", alex, twin), {"reason": "Checked the ID"}, follow=True)
    assert done.redirect_chain[-1][0] == home(alex)
    shown = text(done)
    assert (
        f"{twin.record_number} is merged into {alex.record_number}. This can be undone for 30 days." in shown
    )
    undo = reverse("followup:undo_merge", kwargs={"uid": ClientMerge.objects.get().uid})
    assert undo in shown
    assert "What came since stays with the record that was kept" in text(as_sam.get(undo))
    assert "Undone. The two records stand apart again." in text(as_sam.post(undo, follow=True))
    assert Client.objects.standing().count() == 2
    assert "This merge was undone before." in text(as_sam.get(undo))


def test_what_stands_in_the_way_is_said(as_sam, alex, twin):
    Client.objects.filter(pk=twin.pk).update(state="deceased")
    shown = text(as_sam.get(at("merge", alex, twin)))
    assert "These cannot be merged now" in shown
    answer = text(as_sam.post(at("merge", alex, twin), {"reason": "Checked"}))
    assert "Only one of the two records says that the client has died." in answer
    assert not ClientMerge.objects.exists()


def test_after_thirty_days_the_page_says_so(as_sam, alex, twin, sam):
    done = merge_clients(
        survivor_id=alex.pk, merged_id=twin.pk, reason="Same", by=sam, now=timezone.now() - 31 * DAY
    )
    undo = reverse("followup:undo_merge", kwargs={"uid": done.uid})
    assert "Too late to undo" in text(as_sam.get(undo))
    assert "A merge can be undone for 30 days." in text(as_sam.post(undo, follow=True))
    assert Client.objects.standing().count() == 1


# --- the old address -------------------------------------------------------------------------------------------------
@pytest.fixture
def merged(alex, twin, sam):
    return merge_clients(survivor_id=alex.pk, merged_id=twin.pk, reason="Same", by=sam, now=timezone.now())


def test_the_old_address_leads_to_the_survivor(as_dana, alex, twin, merged):
    answer = as_dana.get(home(twin) + "?kind=todos")
    assert (answer.status_code, answer.url) == (302, home(alex) + "?kind=todos")
    plan = reverse("followup:plan", kwargs={"uid": twin.uid})
    assert as_dana.get(plan).url == reverse("followup:plan", kwargs={"uid": alex.uid})


def test_what_is_sent_to_the_old_address_is_done_on_the_survivor(as_dana, alex, twin, merged):
    address = reverse("followup:log_contact", kwargs={"uid": twin.uid})
    as_dana.post(address, {"channel": "phone", "outcome": "voicemail"})
    assert alex.contact_attempts.count() == 1


@pytest.mark.parametrize("person", ["robin", "lee"])
def test_a_stranger_to_the_survivor_gets_404_there(request, browser, person, twin, merged):
    browser.force_login(request.getfixturevalue(person))
    assert browser.get(home(twin)).status_code == 404
    assert AuditEvent.objects.filter(verb="access.refused").exists()


LISTS = ["/", "/clients/", "/search/?q=Moreno", "/caseload/", "/sessions/", "/inbox/"]


@pytest.mark.parametrize("address", LISTS)
def test_no_list_names_both(as_sam, address, alex, twin, merged):
    answer = as_sam.get(address)
    assert answer.status_code == 200
    assert home(twin) not in answer.content.decode()
    for row in AuditEvent.objects.filter(verb="list.viewed"):
        if row.detail["list"] in {"clients", "search", "caseload"}:
            assert twin.pk not in row.detail["ids"]


@pytest.mark.parametrize("words", ["Alexander", "alexander moreno", "number", "record"])
def test_the_search_finds_the_survivor_by_the_old_name_and_number(as_dana, alex, twin, merged, words):
    words = {"number": twin.contact_points.get().normalized, "record": twin.record_number}.get(words, words)
    answer = as_dana.get("/search/", {"q": words})
    assert [one.pk for one in answer.context["found"]] == [alex.pk]


def test_the_clients_page_shows_what_happened_under_either_record(as_dana, alex, twin, sam, dana):
    told = report(twin, sam, timezone.now() - DAY, narrative="It was the payday")
    merge_clients(survivor_id=alex.pk, merged_id=twin.pk, reason="Same", by=sam, now=timezone.now())
    shown = text(as_dana.get(home(alex)))
    assert "It was the payday" in shown
    assert twin.contact_points.get().value in shown
    assert twin.record_number in shown
    assert told.report.client == twin


def test_the_api_lists_the_survivor_alone_and_leads_on(alex, twin, dana, merged, client):
    client.force_login(dana)
    listed = client.get("/api/v1/clients/").json()["results"]
    assert [one["uid"] for one in listed] == [str(alex.uid)]
    answer = client.get(f"/api/v1/clients/{twin.uid}/")
    assert answer.status_code == 308
    assert answer["Location"].endswith(f"/api/v1/clients/{alex.uid}/")


# --- handing over ----------------------------------------------------------------------------------------------------
def test_the_page_of_handing_over_says_what_goes_along_and_does_it(as_sam, alex, dana, lee):
    report(alex, dana, timezone.now())
    shown = text(as_sam.get(at("transfer", alex)))
    assert "open to-dos of Dana go along at once." in shown
    assert "11 messages that wait keep their days and carry the new name." in shown
    assert "Dana Reyes no longer sees the client" in shown
    answer = as_sam.post(at("transfer", alex), {"counselor": lee.pk, "note": ""})
    assert answer.context["form"].errors["note"]
    done = text(
        as_sam.post(at("transfer", alex), {"counselor": lee.pk, "note": "Mornings are best"}, follow=True)
    )
    assert "Lee Osei is now Alex&#x27;s counselor." in done
    assert "Handover to Lee" in done
    assert "Mornings are best" in done
    assert alex.primary_counselor == lee


def test_a_client_without_a_counselor_gets_one_without_a_note(as_sam, alex, lee):
    alex.care_team.all().delete()
    shown = as_sam.get(at("transfer", alex))
    assert "note" not in shown.context["form"].fields
    as_sam.post(at("transfer", alex), {"counselor": lee.pk})
    assert alex.primary_counselor == lee


def test_whose_notes_are_not_signed_is_said_before_the_client_goes(as_sam, alex, dana, lee):
    now = timezone.now()
    shown = text(as_sam.get(at("transfer", alex)))
    assert "not signed yet" not in shown
    drafted(held(alex, dana, ended_at=now - timedelta(hours=3)), now=now)
    held(alex, dana, ended_at=now - timedelta(hours=1))
    shown = text(as_sam.get(at("transfer", alex)))
    assert "2 notes of Dana are not signed yet: only Dana can finish them." in shown
