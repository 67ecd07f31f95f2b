"""Relapse reports: told, confirmed, closed (clinical.md §1.7)."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction

from casework.relapse import actions
from casework.relapse.models import RelapseReport, ReportRepeat, StageTransition, UseEpisode
from casework.relapse.models.use import Verification
from casework.relapse.reporting import REPORT_TRANSITIONS, Following, ReportState
from casework.relapse.transitions import Escalation
from clients import audit
from clients.errors import InvalidInput, InvalidTransition, NotAllowed
from clients.models import AuditEvent, ClientSummary
from tests.factories import client_of

pytestmark = pytest.mark.django_db


def decide(verb, report, dana, now, **fields):
    if verb is not actions.corroborate:
        fields.setdefault("reason", "Looked into it")
    return verb(report_id=report.pk, by=dana, now=now, **fields)


# --- told ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("stage", ["emotional", "mental", "physical"])
def test_a_clients_own_report_raises_the_stage_at_once_and_starts_the_plan(report, summary, now, stage):
    told = report(stage)
    assert (told.created, told.following) == (True, Following.PLAN)
    assert (summary().stage, summary().stage_from_report, summary().stage_since) == (stage, True, now)
    assert told.moved.rose


def test_a_report_only_ever_raises(assess, report, summary):
    assess("physical", P01=1)
    told = report("emotional", day=1)
    assert (told.moved.escalations, summary().stage) == ((), "physical")


def test_a_later_assessment_takes_over(report, assess, summary):
    report("physical")
    assess("none", day=7)
    assert (summary().stage, summary().stage_before, summary().stage_from_report) == (
        "none",
        "physical",
        False,
    )


@pytest.mark.parametrize("source", ["collateral", "toxicology"])
def test_what_others_or_a_laboratory_say_sets_no_stage_until_confirmed(report, summary, dana, now, source):
    told = report("physical", source)
    assert (told.following, told.report.needs_confirmation, summary().stage) == (
        Following.TALK_FIRST,
        True,
        "",
    )
    later = now + timedelta(days=2)
    confirmed = decide(actions.corroborate, told.report, dana, later)
    assert (confirmed.confirmed_now, confirmed.following) == (True, Following.PLAN)
    assert (summary().stage, summary().stage_since) == ("physical", later)
    assert confirmed.moved.rose


def test_a_confirmation_outlives_an_assessment_made_before_it(report, assess, summary, dana, now):
    told = report("physical", "collateral")
    assess("none", day=1)
    decide(actions.corroborate, told.report, dana, now + timedelta(days=2))
    assert summary().stage == "physical"


def test_imported_history_sets_no_stage_and_starts_nothing(report, summary, dana, now):
    told = report("physical", "import")
    assert (told.following, summary().stage) == (Following.NOTHING, "")
    confirmed = decide(actions.corroborate, told.report, dana, now)
    assert (confirmed.following, summary().stage) == (Following.NOTHING, "")


def test_reports_awaiting_a_talk_can_be_listed(report):
    waiting = report("physical", "collateral").report
    report("physical", "self_call")
    assert list(RelapseReport.objects.awaiting_confirmation()) == [waiting]


def test_a_report_keeps_its_words_encrypted(report):
    told = report(narrative="  Met an old friend.  ").report
    assert RelapseReport.objects.get(pk=told.pk).narrative == "Met an old friend."
    with connection.cursor() as cursor:
        cursor.execute("SELECT narrative FROM relapse_relapsereport WHERE id = %s", [told.pk])
        assert b"friend" not in bytes(cursor.fetchone()[0])


# --- what is refused ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"stage": "none"}, "stage"),
        ({"stage": "indeterminate"}, "stage"),
        ({"source": "rumour"}, "source"),
        ({"occurred_precision": "week"}, "occurred_on"),
    ],
)
def test_what_cannot_be_right_is_refused_at_its_field(report, fields, field):
    with pytest.raises(InvalidInput) as refused:
        report(**fields)
    assert refused.value.field == field


def test_a_report_cannot_lie_in_the_future(report, now):
    with pytest.raises(InvalidInput) as refused:
        report(reported_at=now + timedelta(seconds=1))
    assert refused.value.field == "reported_at"


def test_it_cannot_have_happened_after_it_was_reported_by_the_clients_calendar(report, alex, now):
    today = now.astimezone(alex.zone).date()
    report(occurred_on=today)
    with pytest.raises(InvalidInput) as refused:
        report(occurred_on=today, reported_at=now - timedelta(days=1))
    assert refused.value.field == "occurred_on"


def test_any_use_is_the_physical_stage(report, use):
    with pytest.raises(InvalidInput, match="even one time"):
        report("mental", episode=use(-1).latest)


def test_use_of_another_client_is_refused(report, dana, team, now):
    other = client_of(dana, team=team)
    theirs = actions.record_use(
        client_id=other.pk, use_type="alcohol", days=[now.date()], source="self_call", by=dana, now=now
    )
    with pytest.raises(InvalidInput, match="another client"):
        report(episode=theirs.latest)


def test_a_day_has_a_precision(report, alex, now):
    day = now.astimezone(alex.zone).date()
    assert report(occurred_on=day).report.occurred_precision == "day"
    assert report(occurred_on=day, occurred_precision="month").report.occurred_precision == "month"
    assert report().report.occurred_precision == "unknown"


def test_somebody_who_sees_no_clients_can_neither_report_nor_decide(alex, ada, report, now):
    with pytest.raises(NotAllowed):
        actions.record_report(client_id=alex.pk, stage="physical", source="self_call", by=ada, now=now)
    with pytest.raises(NotAllowed):
        actions.corroborate(report_id=report().report.pk, by=ada, now=now)


# --- told twice ---------------------------------------------------------------------------------------------------


def test_the_same_key_is_the_same_report(report):
    first = report(idempotency_key="abc")
    again = report(day=1, idempotency_key="abc")
    assert (again.report, again.created, again.following) == (first.report, False, Following.NOTHING)
    assert RelapseReport.objects.count() == 1


def test_the_same_key_of_another_client_is_another_report(report, dana, team, now):
    report(idempotency_key="abc")
    other = client_of(dana, team=team)
    told = actions.record_report(
        client_id=other.pk, stage="mental", source="self_call", by=dana, now=now, idempotency_key="abc"
    )
    assert told.created


def test_the_same_episode_and_day_is_attached_to_the_report_that_is_there(report, use, alex, now):
    day = now.astimezone(alex.zone).date()
    episode = use(0).latest
    first = report(episode=episode, occurred_on=day)
    again = report(
        source="other_provider", episode=episode, narrative="The hospital called", idempotency_key="k2"
    )
    assert (again.report, again.created, again.following) == (first.report, False, Following.NOTHING)
    repeat = ReportRepeat.objects.get()
    assert (repeat.report, repeat.source, repeat.narrative) == (
        first.report,
        "other_provider",
        "The hospital called",
    )
    assert report(episode=episode, idempotency_key="k2").report == first.report
    assert ReportRepeat.objects.count() == 1


def test_the_same_episode_on_another_day_is_a_new_report(report, use):
    report(episode=use(-3).latest)
    assert report(day=1, episode=use(-2).latest).created


def test_without_an_episode_every_telling_is_a_report(report):
    report("mental")
    assert report("mental").created


def test_after_a_report_was_taken_back_the_same_event_can_be_reported_anew(report, use, dana, now):
    first = report(episode=use(-1).latest)
    decide(actions.retract, first.report, dana, now)
    assert report(episode=use(-1).latest).created


def test_the_clients_own_word_about_the_same_event_confirms_what_others_said(report, use, summary):
    said = report(source="collateral", episode=use(-1, source="collateral").latest)
    told = report(episode=use(-1).latest)
    assert (told.report, told.created, told.confirmed_now) == (said.report, False, True)
    assert told.following == Following.PLAN
    assert summary().stage == "physical"


def test_a_second_hearsay_about_the_same_event_confirms_nothing(report, use):
    report(source="collateral", episode=use(-1, source="collateral").latest)
    again = report(source="toxicology", episode=use(-1, source="toxicology").latest)
    assert (again.created, again.confirmed_now, again.following) == (False, False, Following.NOTHING)


# --- escalation ---------------------------------------------------------------------------------------------------


def running(alex, state="active"):
    ClientSummary.objects.filter(client=alex).update(plan_state=state)


@pytest.mark.parametrize(
    ("state", "escalates"), [("active", True), ("messages_off", True), ("completed", False), ("", False)]
)
def test_a_second_episode_while_a_plan_runs_escalates_though_the_stage_stays(
    alex, report, use, state, escalates
):
    report(episode=use(-30).latest)
    running(alex, state)
    told = report(day=1, episode=use(-1).latest)
    assert told.moved.escalations == ((Escalation.USE_DURING_PLAN,) if escalates else ())


def test_a_further_report_of_a_known_episode_is_not_a_new_episode(alex, report, use):
    report(episode=use(-3).latest)
    running(alex)
    assert report(day=1, episode=use(-2).latest).moved.escalations == ()


def test_a_lapse_that_became_a_relapse_escalates(report, use):
    report(episode=use(-5, -4, -3).latest)
    more = use(-2)
    told = report(day=1, episode=more.latest, reclassified=more.reclassified)
    assert told.moved.escalations == (Escalation.LAPSE_BECAME_RELAPSE,)


def test_an_unconfirmed_report_escalates_nothing_and_its_confirmation_does(
    alex, report, use, assess, dana, now
):
    assess("physical", P01=1)
    running(alex)
    said = report(source="collateral", day=1, episode=use(-1, source="collateral").latest)
    assert said.moved.escalations == ()
    confirmed = decide(actions.corroborate, said.report, dana, now + timedelta(days=2))
    assert confirmed.moved.escalations == (Escalation.USE_DURING_PLAN,)


def test_confirming_the_clients_own_report_starts_nothing_again(report, dana, now):
    told = report()
    confirmed = decide(actions.corroborate, told.report, dana, now)
    assert (confirmed.confirmed_now, confirmed.following) == (False, Following.NOTHING)
    assert confirmed.moved.escalations == ()


# --- confirmed and closed -----------------------------------------------------------------------------------------


def test_confirming_a_report_confirms_its_use(report, use, dana, now):
    said = report(source="toxicology", episode=use(-1, source="toxicology").latest)
    decide(actions.corroborate, said.report, dana, now)
    said.report.refresh_from_db()
    assert (said.report.confirmed_at, said.report.confirmed_by) == (now, dana)
    assert UseEpisode.objects.get().verification == Verification.CORROBORATED


@pytest.mark.parametrize(
    ("verb", "state", "episode"),
    [
        (actions.retract, "retracted", "void"),
        (actions.mark_report_error, "entered_in_error", "void"),
        (actions.mark_unsubstantiated, "unsubstantiated", "unsubstantiated"),
    ],
)
def test_a_closed_report_leaves_every_count_and_the_stage_is_reckoned_anew(
    report, use, assess, summary, dana, now, verb, state, episode
):
    assess("emotional", E01=2)
    told = report(day=1, episode=use(-1).latest)
    later = now + timedelta(days=2)
    closed = decide(verb, told.report, dana, later, reason="  It was somebody else. ")
    told.report.refresh_from_db()
    assert (told.report.state, told.report.closed_by, told.report.closed_reason) == (
        state,
        dana,
        "It was somebody else.",
    )
    assert (summary().stage, closed.moved.escalations, closed.following) == (
        "emotional",
        (),
        Following.NOTHING,
    )
    assert UseEpisode.objects.get().verification == episode
    assert not RelapseReport.objects.standing().exists()
    assert StageTransition.objects.first().cause == "correction"


def test_use_of_which_another_report_speaks_stays(report, use, dana, now):
    first = report(episode=use(-3).latest)
    report(day=1, episode=use(-2).latest)
    decide(actions.retract, first.report, dana, now)
    assert UseEpisode.objects.get().verification == Verification.REPORTED


def test_a_report_without_use_can_be_closed_too(report, dana, now, summary):
    told = report("mental")
    decide(actions.retract, told.report, dana, now)
    assert summary().stage == ""


def test_what_was_not_borne_out_can_still_turn_out_to_be_a_mistake(report, dana, now):
    told = report(source="collateral")
    decide(actions.mark_unsubstantiated, told.report, dana, now)
    decide(actions.mark_report_error, told.report, dana, now + timedelta(days=1))
    told.report.refresh_from_db()
    assert (told.report.state, told.report.closed_at) == ("entered_in_error", now)


@pytest.mark.parametrize("verb", [actions.retract, actions.mark_report_error, actions.mark_unsubstantiated])
def test_closing_says_why(report, dana, now, verb):
    with pytest.raises(InvalidInput):
        decide(verb, report().report, dana, now, reason=" ")


@pytest.mark.parametrize("before", ReportState.values)
@pytest.mark.parametrize("after", ReportState.values)
def test_a_report_moves_only_along_its_table(before, after):
    report = RelapseReport(state=before)
    if ReportState(after) in REPORT_TRANSITIONS[ReportState(before)]:
        report.move_to(after)
        assert report.state == after
    else:
        with pytest.raises(InvalidTransition):
            report.move_to(after)


def test_a_report_taken_back_cannot_be_confirmed(report, dana, now):
    told = report(source="collateral")
    decide(actions.retract, told.report, dana, now)
    with pytest.raises(InvalidTransition):
        decide(actions.corroborate, told.report, dana, now)


@pytest.mark.parametrize(
    ("change", "name"),
    [
        ({"stage": "none"}, "reported_stage_can_be_reported"),
        ({"state": "corroborated"}, "confirmed_report_says_when"),
        ({"state": "retracted"}, "closed_report_says_when"),
        ({"occurred_precision": "day"}, "occurred_day_has_precision"),
    ],
)
def test_the_database_itself_refuses_what_cannot_be(report, change, name):
    told = report().report
    with pytest.raises(IntegrityError, match=name), transaction.atomic():
        RelapseReport.objects.filter(pk=told.pk).update(**change)


# --- all or nothing -----------------------------------------------------------------------------------------------


def test_reporting_is_audited_with_codes_only(report, alex, dana):
    report(narrative="words about a person")
    event = AuditEvent.objects.get(verb="relapse.reported")
    assert (event.actor_id, event.client_id) == (dana.pk, alex.pk)
    assert event.detail == {"stage": "physical", "source": "self_session"}


@pytest.mark.parametrize("act", ["report", "repeat", "corroborate", "retract"])
def test_without_its_audit_row_nothing_changes(report, use, dana, now, summary, monkeypatch, act):
    episode = use(-1, source="collateral").latest
    said = report("physical", "collateral", episode=episode).report

    def broken(*args, **kwargs):
        raise RuntimeError("no trail")

    monkeypatch.setattr(audit, "record", broken)
    acts = {
        "report": lambda: report("mental"),
        "repeat": lambda: report("physical", episode=episode),
        "corroborate": lambda: decide(actions.corroborate, said, dana, now),
        "retract": lambda: decide(actions.retract, said, dana, now),
    }
    with pytest.raises(RuntimeError), transaction.atomic():
        acts[act]()
    said.refresh_from_db()
    assert (said.state, summary().stage, RelapseReport.objects.count(), ReportRepeat.objects.count()) == (
        "reported",
        "",
        1,
        0,
    )
