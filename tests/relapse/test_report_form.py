"""The form of a relapse report: what it asks, what it refuses, and what it hands on."""

from datetime import date, timedelta

import pytest

from casework.relapse import actions
from casework.relapse.forms import RelapseReportForm
from clients.models import ClientSubstance

pytestmark = pytest.mark.django_db


@pytest.fixture
def form(alex, now):
    """`form(**fields)`: a report of the physical stage by the client, in a session."""

    def make(**fields):
        return RelapseReportForm(
            {"stage": "physical", "source": "self_session"} | fields, client=alex, now=now
        )

    return make


@pytest.fixture
def today(alex, now):
    return now.astimezone(alex.zone).date()


def test_the_least_that_can_be_told_is_a_stage_and_a_source(form):
    told = form(stage="mental")
    assert told.is_valid()
    assert told.use() is None
    assert told.report() == {
        "stage": "mental",
        "source": "self_session",
        "reported_at": None,
        "occurred_on": None,
        "occurred_precision": "",
        "narrative": "",
        "handled_in_contact": False,
        "red_flags": (),
        "stopped_on": None,
    }


def test_use_is_handed_on_as_days_and_details(form, today, alcohol, clonazepam):
    told = form(
        use_type="alcohol",
        use_days=[today.isoformat(), (today - timedelta(days=1)).isoformat()],
        earlier_day=(today - timedelta(days=40)).isoformat(),
        substance=alcohol.pk,
        also_used=[clonazepam.pk],
        loss_of_control="on",
        place="home",
        route="oral",
    )
    assert told.is_valid(), told.errors
    assert told.use() == {
        "use_type": "alcohol",
        "days": [today - timedelta(days=40), today - timedelta(days=1), today],
        "substance": alcohol,
        "also_used": [clonazepam],
        "still_using": False,
        "loss_of_control": True,
        "place": "home",
        "route": "oral",
    }


def test_the_first_day_of_the_latest_use_says_when_it_happened_unless_another_is_given(form, today, now):
    days = [today - timedelta(days=back) for back in (40, 2, 1)]
    use = {
        "use_type": "alcohol",
        "earlier_day": days[0].isoformat(),
        "use_days": [day.isoformat() for day in days[1:]],
    }
    for given, expected in (({}, days[1]), ({"occurred_on": days[2].isoformat()}, days[2])):
        told = form(**use, **given)
        assert told.is_valid(), told.errors
        assert (told.report()["occurred_on"], told.report()["occurred_precision"]) == (expected, "day")
    before = form(**use, reported_at=(now - timedelta(days=9)).strftime("%Y-%m-%dT%H:%M"))
    assert before.is_valid(), before.errors
    assert before.report()["occurred_on"] is None


def test_what_it_hands_on_is_what_the_acts_take(form, alex, dana, now, today, alcohol):
    told = form(use_type="alcohol", use_days=[today.isoformat()], substance=alcohol.pk)
    assert told.is_valid()
    use = actions.record_use(client_id=alex.pk, source="self_session", by=dana, now=now, **told.use())
    facts = told.report()
    facts.pop("red_flags")
    assert actions.record_report(client_id=alex.pk, by=dana, now=now, episode=use.latest, **facts).created


def test_medicine_as_prescribed_is_declined_where_it_was_chosen(form, today):
    told = form(use_type="as_prescribed", use_days=[today.isoformat()])
    assert "not a return to use" in told.errors["use_type"][0]


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"use_type": "alcohol"}, "use_days"),
        ({"earlier_day": "2026-01-01"}, "use_type"),
        ({"use_type": "alcohol", "earlier_day": "2026-01-01", "stage": "mental"}, "stage"),
        ({"use_type": "alcohol", "earlier_day": "2027-01-01"}, "earlier_day"),
        ({"use_type": "alcohol", "use_days": ["2020-01-01"]}, "use_days"),
        ({"use_type": "binge", "earlier_day": "2026-01-01"}, "use_type"),
        ({"reported_at": "2027-01-01T10:00"}, "reported_at"),
        ({"occurred_precision": "week"}, "occurred_on"),
        ({"stage": "none"}, "stage"),
        ({"source": "import"}, "source"),
        ({"source": ""}, "source"),
    ],
)
def test_what_cannot_be_right_is_said_beside_its_field(form, fields, field):
    assert set(form(**fields).errors) == {field}


def test_a_day_without_a_precision_is_that_day(form):
    told = form(occurred_on="2026-03-01")
    assert told.is_valid()
    assert (told.report()["occurred_on"], told.report()["occurred_precision"]) == (date(2026, 3, 1), "day")


def test_the_grid_offers_four_weeks_up_to_the_clients_today(form, today):
    weeks = list(form(use_days=[today.isoformat()]).weeks())
    assert [len(week) for week in weeks] == [7, 7, 7, 7]
    last = weeks[-1][-1]
    assert (last.on, last.today, last.checked) == (today, True, True)
    assert weeks[0][0].on == today - timedelta(days=27)
    assert not weeks[0][0].checked


def test_what_the_client_is_known_to_use_is_offered_first(alex, now, alcohol):
    ClientSubstance.objects.create(client=alex, substance=alcohol, recorded_at=now)
    form = RelapseReportForm(client=alex, now=now)
    _empty, known, others = form.fields["substance"].choices
    assert known[1] == [(alcohol.pk, alcohol.name)]
    assert (alcohol.pk, alcohol.name) not in others[1]
    assert list(form.fields["also_used"].choices) == [(alcohol.pk, alcohol.name)]


def test_without_any_known_substance_the_whole_catalogue_is_offered(alex, now):
    form = RelapseReportForm(client=alex, now=now)
    assert len(form.fields["substance"].choices) == 2
    assert len(list(form.fields["also_used"].choices)) > 20
