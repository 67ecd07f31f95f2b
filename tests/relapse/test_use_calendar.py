"""The use calendar: what sessions, reports and assessments say of each day, side by side (clinical.md §2.14)."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from casework.relapse import actions
from casework.relapse.actions.days import marked_days, take_mark_back, take_marks
from casework.relapse.current import known_use_days
from casework.relapse.models import DayMark, StageTransition, UseEpisode
from casework.relapse.models.use import Verification
from casework.relapse.use_calendar import awaits_talk, use_calendar
from casework.relapse.use_days import DayState
from clients import audit
from clients.actions import locked
from clients.errors import InvalidInput, InvalidTransition
from clients.models import AuditEvent, ClientSummary
from tests import factories

pytestmark = pytest.mark.django_db
USED, NO_USE, UNKNOWN = DayState.USED, DayState.NO_USE, DayState.UNKNOWN


@pytest.fixture
def today(alex, now):
    return timezone.localdate(now, alex.zone)


@pytest.fixture
def mark(alex, dana, now, today):
    """Somebody says something of days counted from today: `mark(-3, -2, used=True, ...)`."""

    def make(*days, used=False, source="self_session", client=alex, at=0, **told):
        with transaction.atomic():
            return take_marks(
                locked(client.pk),
                days=[today + timedelta(days=day) for day in days],
                used=used,
                source=source,
                by=dana,
                now=now + timedelta(minutes=at),
                **{"use_type": "illicit"} | told if used else told,
            )

    return make


@pytest.fixture
def calendar(alex, today):
    """Alex's last days as they come to: `calendar(7)`."""
    return lambda size=30: use_calendar(alex, first=today - timedelta(days=size - 1), last=today)


def states(calendar):
    return [day.state for day in calendar.days]


# --- what fills it ------------------------------------------------------------------------------------------------


def test_a_day_of_which_nobody_spoke_is_unknown(calendar):
    assert states(calendar(3)) == [UNKNOWN, UNKNOWN, UNKNOWN]


def test_days_are_filled_by_hand_in_a_session(mark, calendar, dana, session_of, alex):
    session = session_of(alex)
    mark(-2, -1, session=session)
    assert states(calendar(3)) == [NO_USE, NO_USE, UNKNOWN]
    said = calendar(3).days[0].said[0]
    assert (said.who, said.source, said.mark.session) == (dana, "Client, in a session", session)


def test_a_report_fills_its_days_and_says_that_it_did(report, use, calendar, today):
    recorded = use(-4, -2)
    told = report(episode=recorded.latest, use_days=[today - timedelta(days=n) for n in (2, 4)])
    shown = calendar(5)
    assert states(shown) == [USED, UNKNOWN, USED, UNKNOWN, UNKNOWN]
    assert [one.report_uid for one in shown.days[2].said] == [told.report.uid]


def test_a_report_that_was_taken_back_fills_nothing(report, use, calendar, dana, now, today):
    told = report(episode=use(-2).latest, use_days=[today - timedelta(days=2)]).report
    actions.retract(report_id=told.pk, reason="Somebody else", by=dana, now=now)
    assert states(calendar(3)) == [UNKNOWN, UNKNOWN, UNKNOWN]


def test_an_assessment_that_heard_of_no_use_speaks_for_its_whole_days_only(assess, calendar):
    assess("none", sheet={"window_days": 3})
    assert states(calendar(4)) == [UNKNOWN, NO_USE, NO_USE, UNKNOWN]


def test_an_assessment_that_did_not_ask_about_use_says_nothing(alex, dana, now, calendar):
    sheet = actions.assessing.Sheet(counselor_stage="emotional")
    draft = actions.save_assessment(client_id=alex.pk, sheet=sheet, by=dana, now=now)
    actions.finalise(assessment_id=draft.pk, by=dana, now=now)
    assert states(calendar(7)) == [UNKNOWN] * 7


def test_an_assessment_that_saw_use_on_no_day_in_particular_says_nothing_of_the_days(assess, calendar):
    assess("physical", P01=1)
    assert states(calendar(7)) == [UNKNOWN] * 7


def test_each_source_is_kept_beside_the_others_and_the_difference_is_shown(mark, assess, calendar):
    assess("none", sheet={"window_days": 3})
    mark(-2, used=True)
    day = calendar(3).days[0]
    assert day.state == USED
    assert day.differs
    assert {one.source for one in day.said} == {"Stage assessment", "Client, in a session"}
    assert [one.on for one in calendar(3).differing] == [day.on]


def test_what_only_others_say_of_use_leaves_the_day_unknown(mark, calendar, alex):
    mark(-1, source="self_call")
    mark(-1, used=True, source="collateral")
    day = calendar(2).days[0]
    assert (day.state, day.differs) == (UNKNOWN, True)
    assert known_use_days(alex) == []


def test_an_episode_awaits_a_talk_by_the_same_rule_as_the_queryset(use, alex):
    for n, (source, verification) in enumerate(
        (source, verification)
        for source in ("self_call", "collateral", "toxicology", "counselor_observation")
        for verification in ("reported", "presumptive", "confirmed", "corroborated")
    ):
        use(-n * 20, source=source, verification=verification)
    believed = set(UseEpisode.objects.believed().values_list("pk", flat=True))
    standing = UseEpisode.objects.standing()
    assert {one.pk for one in standing if not awaits_talk(one)} == believed
    assert 0 < len(believed) < standing.count()


def test_it_is_read_in_a_fixed_number_of_queries(mark, assess, calendar, django_assert_max_num_queries):
    assess("none")
    mark(-20, used=True)
    with django_assert_max_num_queries(7):
        calendar(90).days[0]
    mark(-40, -39, -38, used=True, source="self_call")
    mark(*range(-19, -10))
    assess("none", day=1)
    with django_assert_max_num_queries(7):
        assert calendar(90).metrics(90).use_days == 4


def test_a_calendar_shows_at_least_a_day_and_at_most_a_year(alex, today):
    for back in (-1, 400):
        with pytest.raises(ValueError, match="366"):
            use_calendar(alex, first=today - timedelta(days=back), last=today)


# --- the numbers --------------------------------------------------------------------------------------------------


def test_thirty_days_with_three_of_use_and_five_unknown_are_88_percent(mark, calendar):
    mark(*range(-29, -4))
    mark(-10, -11, -12, used=True)
    found = calendar().metrics(30)
    assert (found.percent_abstinent, found.abstinent, found.known) == (Decimal("88.0"), 22, 25)


def test_heavy_days_are_those_that_were_called_so(mark, calendar):
    mark(-3, used=True, heavy=True)
    mark(-2, used=True)
    assert calendar().metrics(30).heavy_days == 1


def test_use_before_the_days_that_are_shown_still_counts_as_the_last(mark, calendar):
    mark(-200, used=True)
    assert calendar().metrics(30).days_since_last_use == 200


# --- a word and the words before it ---------------------------------------------------------------------------------


def test_a_later_word_of_the_same_source_replaces_and_does_not_erase(mark, calendar, alex):
    mark(-1)
    mark(-1, used=True, at=5)
    day = calendar(2).days[0]
    assert (day.state, day.differs) == (USED, False)
    assert [(one.word.used, one.stands) for one in day.earlier] == [(False, False)]
    assert DayMark.objects.of(alex).count() == 2


def test_two_substances_on_one_day_stand_side_by_side(mark, calendar, clonazepam, alcohol):
    mark(-1, used=True, substance=clonazepam)
    mark(-1, used=True, substance=alcohol, use_type="alcohol")
    assert calendar(2).days[0].what == [clonazepam.name, alcohol.name]


def test_naming_the_substance_replaces_not_known_which(mark, calendar, clonazepam):
    mark(-1, used=True)
    mark(-1, used=True, substance=clonazepam)
    assert calendar(2).days[0].what == [clonazepam.name]


def test_use_marked_by_hand_is_use_everywhere(mark, alex, today, summary):
    mark(-3, -1, used=True)
    assert known_use_days(alex) == [today - timedelta(days=3), today - timedelta(days=1)]
    assert summary().last_use_on == today - timedelta(days=1)


def test_saying_no_use_after_all_takes_the_day_out_of_the_episode(mark, alex, summary):
    mark(-1, used=True)
    mark(-1)
    assert known_use_days(alex) == []
    assert UseEpisode.objects.get().verification == Verification.VOID
    assert summary().last_use_on is None


def test_saying_the_same_anew_opens_no_second_episode(mark, clonazepam):
    first = mark(-1, used=True, substance=clonazepam).recorded
    again = mark(-1, used=True, substance=clonazepam, amount_text="two").recorded
    assert [one.pk for one in again.episodes] == [one.pk for one in first.episodes]
    assert UseEpisode.objects.standing().count() == 1


def test_a_day_that_a_report_tells_of_stays_use_whatever_the_calendar_says(
    mark, report, use, calendar, alex, today
):
    day = today - timedelta(days=1)
    report(episode=use(-1).latest, use_days=[day])
    mark(-1, used=True)
    mark(-1)
    assert known_use_days(alex) == [day]
    assert (calendar(2).days[0].state, calendar(2).days[0].differs) == (USED, True)


def test_a_report_taken_back_leaves_the_days_that_the_calendar_tells_of(
    mark, report, use, alex, dana, now, today
):
    days = [today - timedelta(days=n) for n in (3, 2)]
    told = report(episode=use(-3, -2).latest, use_days=days).report
    mark(-2, used=True)
    actions.retract(report_id=told.pk, reason="Misheard", by=dana, now=now)
    assert known_use_days(alex) == [days[1]]
    assert marked_days(UseEpisode.objects.standing().get()) == [days[1]]


def test_of_two_reports_the_one_taken_back_leaves_what_the_calendar_tells(
    mark, report, use, alex, dana, now, today
):
    day = lambda n: today - timedelta(days=n)  # noqa: E731
    first = report(episode=use(-5).latest, use_days=[day(5)]).report
    report(episode=use(-3).latest, use_days=[day(3)], occurred_on=day(3))
    mark(-5, used=True)
    actions.retract(report_id=first.pk, reason="Misheard", by=dana, now=now)
    assert known_use_days(alex) == [day(5), day(3)]


def test_use_that_goes_on_goes_on_when_an_earlier_day_is_filled_in(mark, use):
    use(-5, -1, still_using=True)
    mark(-3, used=True)
    assert UseEpisode.objects.get().last_use_on is None


def test_a_word_is_taken_back_with_a_reason_and_stays_readable(mark, calendar, alex, dana, now):
    kept = mark(-1, used=True).marks[0]
    with pytest.raises(InvalidInput, match="why"):
        take_mark_back(alex, kept, reason=" ", by=dana, now=now)
    take_mark_back(alex, kept, reason="Wrong client", by=dana, now=now)
    day = calendar(2).days[0]
    assert (day.state, day.earlier[0].mark.ended_reason) == (UNKNOWN, "Wrong client")
    assert known_use_days(alex) == []
    with pytest.raises(InvalidTransition):
        take_mark_back(alex, kept, reason="Again", by=dana, now=now)


def test_of_two_sources_that_told_of_use_one_taken_back_leaves_the_other(mark, alex, dana, now, today):
    first = mark(-1, used=True).marks[0]
    mark(-1, used=True, source="self_call")
    take_mark_back(alex, first, reason="Mistake", by=dana, now=now)
    assert known_use_days(alex) == [today - timedelta(days=1)]


# --- the stage ----------------------------------------------------------------------------------------------------


def test_new_use_during_a_plan_is_an_escalation(mark, alex):
    ClientSummary.objects.filter(client=alex).update(plan_state="active")
    done = mark(-1, used=True)
    assert (done.unreported, done.moved.escalated) == (True, True)
    assert StageTransition.objects.get().cause == StageTransition.Cause.USE


def test_days_that_make_a_lapse_a_relapse_are_an_escalation(mark):
    mark(-9, -8, -7, used=True)
    done = mark(-6, used=True)
    assert done.recorded.reclassified
    assert done.moved.escalated


def test_a_day_without_use_moves_nothing(mark):
    done = mark(-1)
    assert (done.recorded, done.unreported, done.moved.escalated) == (None, False, False)


def test_use_of_an_episode_that_was_reported_asks_for_no_second_report(mark, report, use, today):
    report(episode=use(-3).latest, use_days=[today - timedelta(days=3)])
    assert not mark(-2, used=True).unreported


def test_what_others_say_is_unreported_until_a_report_names_the_day(mark, report, today):
    assert mark(-2, used=True, source="collateral").unreported
    report(source="collateral", use_days=[today - timedelta(days=2)])
    assert not mark(-2, used=True, source="collateral").unreported


# --- what is asked ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("days", "told", "field"),
    [
        ((), {}, "days"),
        (tuple(range(-101, 0)), {}, "days"),
        ((1,), {}, "days"),
        ((-1_000_000 // 15,), {}, "days"),
        ((-1,), {"source": "toxicology"}, "source"),
        ((-1,), {"source": "rumour"}, "source"),
        ((-1,), {"source": "import"}, "source"),
        ((-1,), {"certainty": "maybe"}, "certainty"),
        ((-1,), {"used": True, "amount_text": "x" * 121}, "amount_text"),
        ((-1,), {"used": True, "use_type": "as_prescribed"}, "use_type"),
        ((-1,), {"used": True, "use_type": "binge"}, "use_type"),
        ((-1,), {"used": True, "use_type": ""}, "use_type"),
    ],
)
def test_what_cannot_be_right_is_refused_at_its_field_and_changes_nothing(mark, days, told, field):
    with pytest.raises(InvalidInput) as refused:
        mark(*days, **told)
    assert refused.value.field == field
    assert not DayMark.objects.exists()


def test_the_kind_of_use_is_remembered_from_the_last_time(mark, clonazepam, alcohol):
    assert mark(-1, used=True, substance=alcohol, use_type="").marks[0].use_type == "alcohol"
    mark(-1, used=True, substance=clonazepam, use_type="misuse_of_prescribed")
    assert mark(-2, used=True, substance=clonazepam, use_type="").marks[0].use_type == "misuse_of_prescribed"


def test_another_clients_session_is_refused(mark, session_of, dana, team):
    other = session_of(factories.client_of(dana, team=team, given_name="Bo"))
    with pytest.raises(InvalidInput, match="another client"):
        mark(-1, session=other)


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"use_type": "as_prescribed"}, "as_prescribed_is_no_use_day"),
        ({"used": False}, "a_day_without_use_names_nothing"),
        ({"state": "withdrawn"}, "ended_day_mark_says_when"),
    ],
)
def test_the_database_itself_holds_what_must_be_true(mark, change, named):
    kept = mark(-1, used=True).marks[0]
    with pytest.raises(IntegrityError, match=named), transaction.atomic():
        DayMark.objects.filter(pk=kept.pk).update(**change)


def test_the_trail_says_how_many_days_and_none_of_the_words(mark, clonazepam):
    mark(-2, -1, used=True, substance=clonazepam, amount_text="three tablets")
    row = AuditEvent.objects.get(verb="relapse.days_marked")
    assert row.detail == {"days": 2, "used": True, "source": "self_session"}


def test_without_its_row_in_the_trail_nothing_is_marked(mark, monkeypatch):
    monkeypatch.setattr(audit, "record", lambda *a, **k: (_ for _ in ()).throw(RuntimeError))
    with pytest.raises(RuntimeError):
        mark(-1, used=True)
    assert not DayMark.objects.exists()
