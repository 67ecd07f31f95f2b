"""The caseload: who is in it, what is counted, and that every total is its list."""

from datetime import timedelta

import pytest

from casework.supervision.caseload import BY_KEY, SORTS, TOTALS, Wanted, caseload, counselors, rows, totals
from clients.models import Client, ClientSummary
from clients.stage import Stage
from tests import factories

pytestmark = pytest.mark.django_db

DAY = timedelta(days=1)


@pytest.fixture(name="clients")
def _clients(request):
    return request.getfixturevalue("caseload")


def shown(user, now, **wanted):
    asked = Wanted(**wanted)
    return [one.given_name for one in rows(caseload(user, asked, now), asked, now)]


def counted(user, now, **wanted):
    return totals(caseload(user, Wanted(**wanted), now), now)


def test_every_client_in_touch_has_one_row_the_never_seen_among_them(sam, clients, now):
    assert sorted(shown(sam, now)) == sorted(clients)


@pytest.mark.parametrize(
    ("show", "names"),
    [
        ("physical", {"Physical"}),
        ("rising", {"Physical"}),
        ("never", {"Never"}),
        ("contact", {"Silent", "Never"}),
        ("plan", {"Physical"}),
        ("todos", {"Waiting"}),
        ("notes", {"Writing"}),
        ("unread", {"Writing"}),
        ("unassigned", {"Nobody"}),
    ],
)
def test_each_total_opens_those_it_means(sam, clients, now, show, names):
    assert set(shown(sam, now, show=show)) == names


@pytest.mark.parametrize("total", TOTALS, ids=lambda total: total.key)
def test_each_total_equals_the_length_of_its_list(sam, clients, now, total):
    assert counted(sam, now)[total.key] == len(shown(sam, now, show=total.key))


@pytest.mark.parametrize("total", TOTALS, ids=lambda total: total.key)
def test_so_it_does_for_one_counselor(sam, jo, clients, now, total):
    assert counted(sam, now, counselor=jo.pk)[total.key] == len(
        shown(sam, now, show=total.key, counselor=jo.pk)
    )


def test_one_counselors_clients_can_be_asked_for(sam, jo, clients, now):
    assert set(shown(sam, now, counselor=jo.pk)) == {"Silent", "Never", "Waiting"}
    assert [name for _, name in counselors(sam, now)] == ["Dana Reyes", "Jo Park"]


def test_never_seen_counts_the_days_from_the_start_of_the_assignment(sam, clients, now):
    asked = Wanted(show="never")
    (never,) = rows(caseload(sam, asked, now), asked, now)
    assert never.last_contact_at is None
    assert (now - never.counts_from).days == 40


def test_overdue_to_dos_are_counted_after_their_grace(sam, clients, now):
    found = {one.given_name: one.overdue_todos for one in caseload(sam, Wanted(), now)}
    assert found == {**dict.fromkeys(clients, 0), "Waiting": 2}


def test_one_to_do_at_exactly_its_latest_moment_is_not_overdue(sam, clients, now):
    at_grace = caseload(sam, Wanted(), now + DAY)  # Calm's: due a day ago, with two days of grace
    assert at_grace.get(given_name="Calm").overdue_todos == 0
    assert caseload(sam, Wanted(), now + DAY + timedelta(seconds=1)).get(given_name="Calm").overdue_todos == 1


def test_a_session_is_a_contact_as_well(sam, clients, now):
    ClientSummary.objects.filter(client=clients["Never"]).update(last_session_at=now - DAY)
    assert counted(sam, now)["never"] == 0
    assert set(shown(sam, now, show="contact")) == {"Silent"}


@pytest.mark.parametrize("before", [None, *Stage])
@pytest.mark.parametrize("stage", [None, *Stage])
def test_a_stage_rose_when_both_are_ranked_and_the_rank_is_higher(sam, alex, now, stage, before):
    ClientSummary.objects.filter(client=alex).update(stage=stage or "", stage_before=before or "")
    ranks = [one.rank if one else None for one in (before, stage)]
    rose = None not in ranks and ranks[1] > ranks[0]
    assert bool(shown(sam, now, show="rising")) is rose


@pytest.mark.parametrize(
    ("sort", "first"),
    [
        ("contact", "Never"),
        ("client", "Calm"),
        ("counselor", "Calm"),
        ("todos", "Waiting"),
        ("notes", "Writing"),
    ],
)
def test_the_list_is_sorted_as_asked(sam, clients, now, sort, first):
    assert shown(sam, now, sort=sort)[0] == first


def test_who_has_no_counselor_or_no_plan_comes_last(sam, clients, now):
    ClientSummary.objects.filter(client=clients["Physical"]).update(plan_started_at=now, stage_since=now)
    assert shown(sam, now, sort="counselor")[-1] == "Nobody"
    assert shown(sam, now, sort="plan")[0] == "Physical"
    assert shown(sam, now, sort="stage")[0] == "Physical"


@pytest.mark.parametrize(
    "address",
    [
        {},
        {"show": "everything", "sort": "password", "counselor": "x"},
        {"show": "", "sort": "-", "counselor": "1; --"},
        {"counselor": "٣"},
        {"counselor": "9" * 40},
    ],
)
def test_what_the_address_does_not_know_is_ignored(address):
    assert Wanted.of(address) == Wanted()


def test_every_word_of_the_address_works(sam, clients, now):
    for show in BY_KEY:
        for sort in SORTS:
            asked = Wanted.of({"show": show, "sort": sort, "counselor": "1"})
            list(rows(caseload(sam, asked, now), asked, now))


def test_another_team_is_not_in_it(sam, robin, clients, now):
    elsewhere = factories.client_of(robin, team=factories.TeamFactory(), given_name="Elsewhere")
    assert elsewhere.given_name not in shown(sam, now)
    other = factories.supervisor("Noor Aziz", team=elsewhere.team)
    assert shown(other, now) == ["Elsewhere"]
    assert counted(other, now)["in-touch"] == 1


def test_the_auditor_sees_every_team_and_the_administrator_none(audrey, ada, clients, now):
    assert len(shown(audrey, now)) == Client.objects.in_touch().count()
    assert counted(ada, now)["in-touch"] == 0
