"""The invented practice as it stands in the database: believable, consistent, and silent but for running plans."""

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.contrib.auth import authenticate
from django.db import connection, transaction
from django.db.models import Count, F, Q

from casework.followup.messages.policy import Decision, may_send
from casework.followup.models import Attempt, ContactAttempt, FollowUpPlan, InboundMessage, Message, ToDo
from casework.intake.demo import cast, generate
from casework.intake.demo.aftermath import spread_out
from casework.local import credentials
from casework.measures.models import MeasureResult, Scoring
from casework.relapse import current
from casework.relapse.models import PreventionPlan, RelapseReport, StageAssessment, UseEpisode
from casework.relapse.prevention import sheet
from casework.staff.models import User
from clients.models import AuditEvent, CareTeamMember, Client, Practice
from sessions.models import (
    CounselingNote,
    Goal,
    Note,
    NoteReturn,
    Session,
    Signature,
    Snippet,
    TreatmentPlan,
)

NOW = datetime(2026, 3, 11, 17, 20, tzinfo=UTC)
RUNNING = ("active", "messages_off")


@pytest.fixture(scope="module")
def demo(django_db_setup: Any, django_db_blocker: Any) -> Iterator[generate.Demo]:
    """Made once for all tests of this file, and taken back afterwards."""
    with django_db_blocker.unblock():
        with transaction.atomic():
            yield generate.generate(now=NOW, step=lambda what: None)
            transaction.set_rollback(True)
        connection.close()


@pytest.fixture(autouse=True)
def _within(demo: generate.Demo, django_db_blocker: Any) -> Iterator[None]:
    """Each test in a savepoint of its own, inside the transaction that holds the practice."""
    with django_db_blocker.unblock(), transaction.atomic():
        yield
        transaction.set_rollback(True)


def kinds(demo: generate.Demo, kind: str) -> list[Client]:
    found = [case.client for case in demo.cases if case.course.story.kind == kind]
    for client in found:
        client.refresh_from_db()
    return found


class TestPeople:
    def test_there_are_sixty_clients_at_all_stages(self, demo: generate.Demo) -> None:
        assert Client.objects.count() == 60
        stages = Counter(Client.objects.values_list("summary__stage", flat=True))
        for stage in ("none", "emotional", "mental", "physical"):
            assert stages[stage] >= 6, stages
        assert stages[""] == 1

    def test_those_named_in_the_terminal_can_sign_in(self, demo: generate.Demo) -> None:
        for one in credentials.SIGN_INS:
            user = authenticate(None, email=one.email, username=one.email, password=credentials.PASSWORD)
            assert user == User.objects.get(email=one.email)
            assert user.role == one.role
            assert user.full_name == one.name

    def test_each_counselor_sees_twenty_the_supervisor_all_the_administrator_none(
        self, demo: generate.Demo
    ) -> None:
        def seen(user: User) -> int:
            return Client.objects.visible_to(user, at=NOW).count()

        def in_groups(user: User) -> int:
            led = CareTeamMember.objects.filter(user=user, role="group")
            own = CareTeamMember.objects.filter(user=user).exclude(role="group")
            return led.exclude(client__in=own.values("client")).values("client").distinct().count()

        assert [seen(user) - in_groups(user) for user in demo.premises.counselors] == [20, 20, 20]
        assert seen(demo.premises.supervisor) == 60
        assert seen(demo.premises.staff[cast.ADA.email]) == 0
        assert seen(demo.premises.staff[cast.AUDRA.email]) == 60

    def test_some_speak_spanish_and_some_live_elsewhere(self, demo: generate.Demo) -> None:
        assert Client.objects.filter(language="es").count() == 12
        assert Client.objects.order_by().values("time_zone").distinct().count() >= 3

    def test_some_use_a_sedative_with_an_opioid_or_alcohol(self, demo: generate.Demo) -> None:
        mixed = Client.objects.filter(substances__substance__klass="sedative").filter(
            substances__substance__klass__in=["opioid", "alcohol"]
        )
        assert mixed.distinct().count() >= 8

    def test_everybody_has_one_primary_counselor_and_one_primary_substance(self, demo: generate.Demo) -> None:
        primary = CareTeamMember.objects.in_force(NOW).filter(role="primary")
        assert primary.count() == 60
        counted = Client.objects.annotate(n=Count("substances", filter=Q(substances__is_primary=True)))
        assert set(counted.values_list("n", flat=True)) == {1}

    def test_one_has_never_been_seen(self, demo: generate.Demo) -> None:
        (client,) = kinds(demo, "never seen")
        assert not client.sessions.filter(state="attended").exists()
        assert client.summary.last_contact_at is None
        assert client.state == "active"

    def test_one_has_died_and_nothing_waits_for_them(self, demo: generate.Demo) -> None:
        (client,) = kinds(demo, "deceased")
        assert client.state == "deceased"
        assert not client.todos.open().exists()
        assert not client.messages.waiting().exists()
        assert not client.sessions.filter(state="scheduled").exists()

    def test_one_has_stopped_the_messages_and_is_called_instead(self, demo: generate.Demo) -> None:
        (client,) = kinds(demo, "opted out")
        assert not client.permissions.in_force(NOW).filter(channel="text").exists()
        assert client.inbound_messages.filter(kind="opt_out").count() == 1
        assert not client.messages.waiting().exists()
        assert client.todos.open().filter(kind="call").exists()
        assert client.messages.filter(kind="stop_reply", status="delivered").count() == 1

    def test_two_do_not_answer_and_two_were_discharged(self, demo: generate.Demo) -> None:
        for client in kinds(demo, "silent"):
            assert client.summary.last_contact_at < NOW - timedelta(days=10)
            assert client.sessions.filter(state="no_show").exists()
        assert [client.state for client in kinds(demo, "discharged")] == ["discharged"] * 2

    def test_one_report_of_somebody_else_waits_for_a_talk(self, demo: generate.Demo) -> None:
        (client,) = kinds(demo, "collateral")
        assert not client.followup_plans.exists()
        assert not client.messages.exclude(kind="reminder").exists()
        assert [todo.kind for todo in client.todos.open()] == ["talk"]


class TestMessages:
    def test_only_messages_of_running_plans_are_due(self, demo: generate.Demo) -> None:
        soon = Message.objects.unsettled().filter(due_at__lt=NOW + timedelta(hours=1))
        assert soon.count() == len(demo.due_soon)
        assert not soon.exclude(plan__state__in=RUNNING).exists()
        assert not soon.filter(due_at__lt=NOW).exists()

    def test_about_twenty_leave_within_ten_minutes_one_after_the_other(self, demo: generate.Demo) -> None:
        due = list(
            Message.objects.waiting().filter(due_at__lt=NOW + timedelta(minutes=11)).order_by("due_at")
        )
        assert 18 <= len(due) <= 22
        assert len({message.due_at for message in due}) == len(due)
        assert due[0].due_at - NOW <= timedelta(seconds=40)
        assert len({message.client_id for message in due}) == len(due)

    def test_it_is_day_where_they_go(self, demo: generate.Demo) -> None:
        for message in Message.objects.waiting().filter(due_at__lt=NOW + timedelta(minutes=11)):
            local = message.due_at.astimezone(ZoneInfo(message.tz))
            assert 9 <= local.hour < 20
            assert (local.date(), local.time()) == (message.local_date, message.local_time)

    def test_those_who_get_them_have_a_verified_phone_and_gave_permission(self, demo: generate.Demo) -> None:
        for message in demo.due_soon:
            assert message.client.contact_points.filter(kind="mobile", state="verified").exists()
            assert message.client.permissions.in_force(NOW).filter(channel="text").exists()

    def test_nothing_stands_in_their_way_when_their_time_comes(self, demo: generate.Demo) -> None:
        for message in Message.objects.filter(pk__in=[one.pk for one in demo.due_soon]):
            assert may_send(message, message.due_at).decision == Decision.SEND

    def test_what_was_sent_has_its_words_and_one_accepted_attempt(self, demo: generate.Demo) -> None:
        sent = Message.objects.filter(sent_at__isnull=False)
        assert sent.count() >= 40
        for message in sent.select_related("client"):
            assert message.status == "delivered"
            assert "Oak Street" in message.body
            assert message.sent_at <= message.delivered_at < NOW
            (attempt,) = message.attempts.all()
            assert (attempt.outcome, attempt.fence) == ("accepted", message.fence)

    def test_nothing_is_half_sent(self, demo: generate.Demo) -> None:
        assert not Message.objects.filter(status__in=["claimed", "unknown", "failed", "dead"]).exists()
        assert Attempt.objects.count() == Message.objects.filter(sent_at__isnull=False).count()

    def test_nobody_got_more_than_one_a_day_or_three_a_week(self, demo: generate.Demo) -> None:
        plans = Message.objects.filter(kind="plan", sent_at__isnull=False).order_by("client", "sent_at")
        by_client: dict[int, list[datetime]] = {}
        for client_id, sent_at in plans.values_list("client_id", "sent_at"):
            by_client.setdefault(client_id, []).append(sent_at)
        for times in by_client.values():
            assert all(later - time >= timedelta(hours=20) for time, later in pairwise(times))
            assert all(late - time >= timedelta(days=6) for time, late in zip(times, times[3:], strict=False))

    def test_some_answers_nobody_has_read_yet(self, demo: generate.Demo) -> None:
        unread = InboundMessage.objects.filter(read_at=None)
        assert 5 <= unread.count() <= 20
        assert unread.filter(kind="call").count() == 1
        assert ToDo.objects.open().filter(kind="call", inbound__in=unread).count() == 1

    def test_spread_out_again_later_it_starts_from_then(self, demo: generate.Demo) -> None:
        later = NOW + timedelta(minutes=3, microseconds=7)
        spread_out(demo.due_soon, now=later)
        first = Message.objects.waiting().order_by("due_at").first()
        assert first is not None
        assert first.due_at - later < timedelta(seconds=31)
        assert first.local_time.microsecond == 0


class TestHistory:
    def test_months_of_sessions_with_their_notes(self, demo: generate.Demo) -> None:
        assert Session.objects.filter(state="attended").count() >= 500
        oldest = Session.objects.order_by("starts_at")[0]
        assert oldest.starts_at < NOW - timedelta(days=200)
        assert Note.objects.signed().count() >= 480

    def test_signatures_hold(self, demo: generate.Demo) -> None:
        for note in Note.objects.signed().select_related("session", "client")[:60]:
            assert note.is_intact
            assert not note.is_late

    def test_a_person_in_training_shows_what_a_second_name_is(self, demo: generate.Demo) -> None:
        sam = demo.premises.supervisor
        theirs = Note.objects.filter(author__is_trainee=True)
        assert sorted(theirs.values_list("state", flat=True)) == ["final", "needs_cosign", "returned"]
        assert Note.objects.cosignable_by(sam, at=NOW).count() == 1
        assert NoteReturn.objects.get().by == sam
        late = theirs.get(state="final")
        assert late.is_late
        assert late.addenda.get().needs_cosign

    def test_dana_has_words_of_her_own(self, demo: generate.Demo) -> None:
        assert Snippet.objects.count() == 3
        assert CounselingNote.objects.get().author.email == "dana@demo.example"

    def test_every_counselor_has_notes_to_sign_and_sessions_today(self, demo: generate.Demo) -> None:
        home = demo.premises.practice.zone
        today = NOW.astimezone(home).date()
        for user in demo.premises.counselors:
            assert Note.objects.filter(author=user, state="draft").exists()
            days = [session.starts_at.astimezone(home).date() for session in user.sessions.all()]
            assert days.count(today) == 5
            assert user.sessions.filter(state="scheduled", starts_at__gt=NOW).count() >= 3

    def test_nothing_lies_in_the_future_but_what_is_planned(self, demo: generate.Demo) -> None:
        assert not Session.objects.exclude(state="scheduled").filter(ended_at__gt=NOW).exists()
        assert not Session.objects.filter(state="scheduled", starts_at__lt=NOW).exists()
        assert not Note.objects.filter(Q(signed_at__gt=NOW) | Q(saved_at__gt=NOW)).exists()
        assert not StageAssessment.objects.filter(finalised_at__gt=NOW).exists()
        assert not RelapseReport.objects.filter(reported_at__gt=NOW).exists()
        assert not ContactAttempt.objects.filter(at__gt=NOW).exists()
        assert not ToDo.objects.filter(Q(done_at__gt=NOW) | Q(opened_at__gt=NOW)).exists()
        assert not InboundMessage.objects.filter(Q(received_at__gt=NOW) | Q(read_at__gt=NOW)).exists()
        assert not AuditEvent.objects.filter(at__gt=NOW).exists()

    def test_nothing_happened_before_the_client_came(self, demo: generate.Demo) -> None:
        assert not Session.objects.filter(starts_at__lt=F("client__registered_at")).exists()
        assert not StageAssessment.objects.filter(assessed_at__lt=F("client__registered_at")).exists()
        assert not RelapseReport.objects.filter(reported_at__lt=F("client__registered_at")).exists()

    def test_the_counselors_stage_is_the_suggested_one_or_says_why(self, demo: generate.Demo) -> None:
        differing = StageAssessment.objects.exclude(counselor_stage=F("suggested_stage"))
        assert not differing.filter(override_reason="").exists()
        assert 1 <= differing.count() < StageAssessment.objects.count() / 10

    def test_the_summary_is_what_the_records_say(self, demo: generate.Demo) -> None:
        columns = ("stage", "stage_before", "stage_since", "last_assessed_at", "last_use_on")
        for client in Client.objects.select_related("summary"):
            before = [getattr(client.summary, name) for name in columns]
            assert [getattr(current.refresh_summary(client, at=NOW), name) for name in columns] == before

    def test_arcs_show_slow_rises_setbacks_and_returns(self, demo: generate.Demo) -> None:
        (one, two) = kinds(demo, "behind")
        for client in (one, two):
            steps = [step.stage.value for step in current.way(client, at=NOW)]
            assert "physical" in steps
            assert steps[-1] in ("none", "emotional")
            assert client.followup_plans.get().state == "completed"

    def test_most_use_was_a_lapse_and_all_reports_stand_on_days(self, demo: generate.Demo) -> None:
        episodes = list(UseEpisode.objects.prefetch_related("days"))
        assert len(episodes) >= 12
        assert {episode.classification() for episode in episodes} == {"lapse"}
        assert any(episode.also_used.exists() for episode in episodes)

    def test_at_most_one_plan_runs_for_anybody(self, demo: generate.Demo) -> None:
        running = FollowUpPlan.objects.running().values("client").annotate(n=Count("pk")).filter(n__gt=1)
        assert not running.exists()

    def test_some_first_contacts_are_overdue_and_most_are_done(self, demo: generate.Demo) -> None:
        first = ToDo.objects.filter(kind="first_contact")
        assert 1 <= first.filter(state="open", due_at__lt=NOW).count() <= 4
        assert first.filter(state="done").count() > 10

    def test_the_trail_tells_of_all_of_it_and_names_nobody(self, demo: generate.Demo) -> None:
        verbs = Counter(AuditEvent.objects.values_list("verb", flat=True))
        assert verbs["client.registered"] == 60
        assert verbs["session.scheduled"] == Session.objects.count()
        assert verbs["note.signed"] == Signature.objects.filter(addendum=None, meaning="author").count()
        assert verbs["relapse.assessment_finalised"] == StageAssessment.objects.count()
        families = set(Client.objects.values_list("family_name", flat=True))
        details = " ".join(map(str, AuditEvent.objects.values_list("detail", flat=True)))
        assert not any(family in details for family in families)


class TestAgain:
    def test_a_second_time_it_changes_nothing(self, demo: generate.Demo) -> None:
        with pytest.raises(generate.AlreadyThere):
            generate.generate(now=NOW, step=lambda what: None)
        assert Practice.objects.count() == 1


class TestPlansMadeTogether:
    def test_some_carry_a_plan_that_both_signed_and_some_a_second_version(self, demo: generate.Demo) -> None:
        signed = PreventionPlan.objects.signed()
        versions = Counter(signed.values_list("client", flat=True))
        assert len(versions) >= 8
        assert 1 <= sum(number == 2 for number in versions.values()) < len(versions)
        assert all(plan.is_intact for plan in signed.select_related("client"))
        assert {"en", "es"} <= set(signed.values_list("client__language", flat=True))

    def test_each_of_them_fits_on_one_page(self, demo: generate.Demo) -> None:
        assert [plan.pk for plan in PreventionPlan.objects.all() if sheet.too_long(plan.words)] == []

    def test_goals_are_agreed_on_and_some_reviews_are_due_today(self, demo: generate.Demo) -> None:
        assert Counter(Goal.objects.values_list("state", flat=True))["reached"] >= 3
        due = TreatmentPlan.objects.review_due(NOW.date())
        assert 3 <= due.count() < TreatmentPlan.objects.count() / 2


class TestMeasures:
    def test_a_dozen_have_four_months_of_two_measures_and_none_raises_an_alarm(
        self, demo: generate.Demo
    ) -> None:
        given = MeasureResult.objects.values_list("client", "measure").annotate(n=Count("pk")).order_by()
        assert len({client for client, _measure, _n in given}) == 12
        assert {(measure, n) for _client, measure, n in given} == {("phq9", 4), ("bam", 4)}
        assert not Scoring.objects.exclude(alarms=[]).exists()
        assert not MeasureResult.objects.filter(taken_at__gt=NOW).exists()

    def test_the_scores_are_not_all_the_same(self, demo: generate.Demo) -> None:
        totals = [
            one.scores["total"] for one in Scoring.objects.filter(result__measure="phq9").order_by("pk")
        ]
        assert None not in totals
        assert min(totals) < 5 < 10 <= max(totals)
