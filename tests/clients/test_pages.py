"""The pages of the record, as Dana and Sam use them."""

import re
from datetime import date, timedelta

import pytest
from django.urls import reverse

from clients.models import AuditEvent, CareTeamMember, Client, Permission
from tests import factories

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("frozen")]


@pytest.fixture
def as_sam(frozen, sam, browser):
    browser.force_login(sam)
    return browser


def text(response):
    return re.sub(r"\s+", " ", response.content.decode())


def at(name, client, **more):
    return reverse(f"clients:{name}", kwargs={"uid": client.uid, **more})


def home_of(client, section=""):
    return reverse("desk:client", kwargs={"uid": client.uid}) + (f"#{section}" if section else "")


# --- registering and editing ---
def form_of(team, **changed):
    fields = {
        "given_name": "Kim",
        "family_name": "Chen",
        "language": "es",
        "preferred_channel": "sms",
        "team": team.pk,
    }
    return {**fields, **changed}


def test_dana_registers_a_client_and_is_asked_how_to_reach_them(as_dana, dana, team):
    answer = as_dana.post("/clients/new/", form_of(team, time_zone="America/Phoenix"), follow=True)
    kim = Client.objects.get()
    assert answer.redirect_chain[-1][0] == at("contact_new", kim)
    assert f"Kim is registered as {kim.record_number}" in text(answer)
    assert (kim.primary_counselor, kim.language, kim.time_zone) == (dana, "es", "America/Phoenix")


def test_dana_is_not_asked_for_a_counselor_and_cannot_choose_another_team(as_dana, dana, robin, team):
    elsewhere = factories.TeamFactory()
    assert "Primary counselor" not in text(as_dana.get("/clients/new/"))
    answer = as_dana.post("/clients/new/", form_of(elsewhere))
    assert answer.status_code == 200
    assert not Client.objects.exists()


def test_sam_names_the_counselor_among_the_team(as_sam, dana, robin, team):
    page = text(as_sam.get("/clients/new/"))
    assert "Dana Reyes" in page
    assert "Robin Hale" not in page
    as_sam.post("/clients/new/", form_of(team, counselor=dana.pk))
    assert Client.objects.get().primary_counselor == dana


def test_what_was_typed_stays_when_something_is_missing(as_dana, team):
    answer = text(as_dana.post("/clients/new/", form_of(team, given_name="", chosen_name="Kimmy")))
    assert 'value="Kimmy"' in answer
    assert "One thing to put right" in answer


def test_nobody_is_born_tomorrow(as_dana, team):
    answer = as_dana.post("/clients/new/", form_of(team, date_of_birth=date(2026, 3, 12)))
    assert "This day lies in the future." in text(answer)


def test_a_blank_name_is_declined_by_the_act_beside_its_field(as_dana, team, monkeypatch):
    from clients import actions
    from clients.errors import InvalidInput

    def decline(**fields):
        raise InvalidInput("Not this name.", field="given_name")

    monkeypatch.setattr(actions, "register_client", decline)
    answer = text(as_dana.post("/clients/new/", form_of(team)))
    assert 'href="#id_given_name">Given name</a>: Not this name.' in answer


def test_a_change_leads_back_to_the_clients_page(as_dana, alex):
    fields = {
        "given_name": "Alex",
        "family_name": "Moreno",
        "chosen_name": "Lex",
        "language": "en",
        "preferred_channel": "call",
    }
    answer = as_dana.post(at("edit", alex), fields)
    assert answer.url == home_of(alex)
    alex.refresh_from_db()
    assert (alex.chosen_name, alex.preferred_channel, alex.time_zone) == ("Lex", "call", "")


def test_the_heading_keeps_the_name_on_record_while_a_form_is_wrong(as_dana, alex):
    answer = text(
        as_dana.post(at("edit", alex), {"given_name": "Wrong", "language": "en", "preferred_channel": "fax"})
    )
    assert "Alex Moreno" in answer


def test_a_language_that_was_imported_can_stay(as_dana, alex):
    Client.objects.filter(pk=alex.pk).update(language="es-419")
    assert '<option value="es-419" selected>' in text(as_dana.get(at("edit", alex)))


# --- contacts ---
def test_a_number_is_added_and_shown(as_dana, alex):
    answer = as_dana.post(
        at("contact_new", alex), {"kind": "mobile", "value": "602-555-0142", "is_shared": "on"}
    )
    assert answer.url == home_of(alex, "contacts")
    page = text(as_dana.get(home_of(alex)))
    assert 'href="tel:+16025550142"' in page
    assert "Shared: nothing is sent yet" in page


def test_a_number_that_is_none_is_told_beside_the_field(as_dana, alex):
    answer = text(as_dana.post(at("contact_new", alex), {"kind": "mobile", "value": "soon"}))
    assert "“soon” is not a phone number" in answer
    assert 'value="soon"' in answer


# --- permissions ---
def test_a_permission_is_recorded_with_its_wording(as_dana, dana, alex):
    page = text(as_dana.get(at("permission_new", alex), {"channel": "email"}))
    assert '<option value="email" selected>' in page
    answer = as_dana.post(at("permission_new", alex), {"channel": "email", "language": "en", "version": "3"})
    assert answer.url == home_of(alex, "permissions")
    row = Permission.objects.get(channel="email")
    assert (row.granted_by, row.version) == (dana, "3")


# --- substances ---
def test_a_substance_is_found_by_its_street_name_and_recorded(as_dana, alex):
    page = text(as_dana.get(at("substances", alex), {"name": "k-pin"}))
    address = at("substance", alex, key="clonazepam")
    assert f'href="{address}"' in page
    assert "1 substance" in page
    answer = as_dana.post(address, {"route": "oral", "is_primary": "on", "last_used_on": "2026-03-01"})
    assert answer.url == home_of(alex, "substances")
    held = alex.substances.get()
    assert (held.route, held.is_primary, held.last_used_on) == ("oral", True, date(2026, 3, 1))


def test_typing_replaces_only_the_list(as_dana, alex):
    part = as_dana.get(at("substances", alex), {"name": "xanax"}, headers={"HX-Request": "true"})
    assert "<html" not in text(part)
    assert "Alprazolam" in text(part)


def test_a_name_nobody_knows_offers_other(as_dana, alex):
    page = text(as_dana.get(at("substances", alex), {"name": "blue unicorn"}))
    assert at("substance", alex, key="other") in page


def test_an_impossible_pair_of_dates_is_told_beside_its_field(as_dana, alex):
    address = at("substance", alex, key="heroin")
    answer = text(
        as_dana.post(address, {"route": "oral", "first_used_on": "2026-02-01", "last_used_on": "2026-01-01"})
    )
    assert "Last use lies before first use" in answer
    future = text(as_dana.post(address, {"route": "oral", "last_used_on": "2027-01-01"}))
    assert "This day lies in the future." in future
    assert not alex.substances.exists()


def test_one_recorded_by_mistake_is_removed(as_dana, alex):
    as_dana.post(at("substance", alex, key="heroin"), {"route": "oral"})
    assert "Recorded by mistake?" in text(as_dana.get(at("substance", alex, key="heroin")))
    as_dana.post(at("substance_remove", alex, key="heroin"))
    assert not alex.substances.exists()
    assert as_dana.post(at("substance_remove", alex, key="heroin")).status_code == 404


# --- care ---
def test_an_admission_is_recorded_and_a_second_one_is_declined(as_dana, alex):
    answer = as_dana.post(at("admit", alex), {"admitted_on": "2026-03-10"})
    assert answer.url == home_of(alex, "episodes")
    again = text(as_dana.post(at("admit", alex), {"admitted_on": "2026-03-11"}))
    assert "An episode of care is already open" in again
    assert "This day lies in the future." in text(
        as_dana.post(at("admit", alex), {"admitted_on": "2026-03-12"})
    )


def test_sam_arranges_cover_that_ends_by_itself(as_sam, team, alex, frozen):
    jo = factories.counselor("Jo Park", team=team)
    assert (
        reverse("followup:transfer", kwargs={"uid": alex.uid})
        in as_sam.get(at("team", alex)).content.decode()
    )
    as_sam.post(at("cover", alex), {"cover-counselor": jo.pk, "cover-until": "2026-03-13T09:00"})
    member = CareTeamMember.objects.get(role="covering")
    assert member.ends_at.isoformat() == "2026-03-13T13:00:00+00:00"  # typed in New York
    assert "End" in text(as_sam.get(at("team", alex)))
    as_sam.post(reverse("clients:end_cover", kwargs={"uid": member.uid}))
    member.refresh_from_db()
    assert member.ends_at <= frozen + timedelta(seconds=1)


def test_cover_that_lies_behind_is_declined_beside_its_field(as_sam, dana, alex):
    answer = text(
        as_sam.post(at("cover", alex), {"cover-counselor": dana.pk, "cover-until": "2026-03-01T09:00"})
    )
    assert "Cover must end later than now." in answer


def test_ending_the_primary_counselor_is_declined_in_words(as_sam, alex):
    place = alex.care_team.get()
    answer = as_sam.post(reverse("clients:end_cover", kwargs={"uid": place.uid}), follow=True)
    assert "Only cover can be ended so" in text(answer)


# --- who comes in ---
PAGES = ["edit", "contact_new", "permission_new", "substances", "admit"]


@pytest.mark.parametrize("name", PAGES)
def test_looking_at_a_form_about_a_client_is_audited(as_dana, dana, alex, name):
    assert as_dana.get(at(name, alex)).status_code == 200
    row = AuditEvent.objects.get(verb="record.viewed")
    assert (row.actor_id, row.client_id) == (dana.pk, alex.pk)


@pytest.mark.parametrize("name", [*PAGES, "team"])
def test_a_stranger_gets_404_and_the_administrator_403(browser, robin, ada, alex, name):
    browser.force_login(robin)
    assert browser.get(at(name, alex)).status_code in {404, 403}
    browser.force_login(ada)
    assert browser.get(at(name, alex)).status_code == 403
    assert AuditEvent.objects.filter(verb="access.refused").count() == 2


@pytest.mark.parametrize("name", [*PAGES, "team"])
def test_the_auditor_reads_and_changes_nothing(browser, audrey, alex, name):
    browser.force_login(audrey)
    assert browser.get(at(name, alex)).status_code == 403


def test_a_counselor_assigns_nobody(as_dana, alex):
    assert as_dana.get(at("team", alex)).status_code == 403


def test_who_is_signed_out_is_asked_to_sign_in(browser, alex):
    for name in PAGES:
        assert browser.get(at(name, alex)).url.startswith("/accounts/login/")


# --- a name that texts have no letters for ------------------------------------------------------------------------
def edit_name(browser, client, **names):
    fields = {"given_name": "Alex", "language": "en", "preferred_channel": "sms", **names}
    return browser.post(f"/clients/{client.uid}/edit/", fields, follow=True).content.decode()


@pytest.mark.parametrize(("name", "letters"), [("Lucía", "í"), ("Ángel", "Á"), ("Zoë", "ë")])
def test_a_name_that_texts_have_no_letters_for_is_kept_and_warned_about(as_dana, alex, name, letters):
    page = edit_name(as_dana, alex, chosen_name=name)
    assert f"Text messages have no room for {letters}" in page
    alex.refresh_from_db()
    assert alex.chosen_name == name
    form = as_dana.get(f"/clients/{alex.uid}/edit/").content.decode()
    assert f"Ask which name {name} would like in texts" in form


def test_a_name_that_tells_something_is_kept_and_warned_about(as_dana, alex):
    assert "could tell a stranger something" in edit_name(as_dana, alex, chosen_name="Sober")


@pytest.mark.parametrize("name", ["José", "Begoña", "Sam"])
def test_a_name_whose_letters_fit_is_not_remarked_on(as_dana, alex, name):
    assert "no room for" not in edit_name(as_dana, alex, chosen_name=name)
