"""Two records of one person become one, and part again (clinical.md §4.6)."""

from datetime import date, timedelta

import pytest

from casework.followup import actions, inbox
from casework.followup.actions.merging import merge_clients, undo_merge
from casework.followup.actions.sessions import schedule_session
from casework.followup.messages import policy
from casework.followup.messages.policy import Decision
from casework.followup.models import FollowUpPlan, InboundMessage, LadderRung, Message, PlanState, ToDo
from casework.followup.plan_templates import ToDoKind
from casework.relapse.models import StageAssessment
from clients import audit
from clients import merging as record
from clients.actions import add_contact_point, grant_permission, locked
from clients.errors import Conflict, InvalidInput, NotAllowed
from clients.models import AuditEvent, Client, ClientMerge, ContactPoint, Permission
from sessions.actions import lower as sessions
from sessions.models import Session
from tests import factories
from tests.followup.making import PHONE_STEPS, first_message, open_todos, report, sent, texts

pytestmark = pytest.mark.django_db
DAY, HOUR = timedelta(days=1), timedelta(hours=1)
WHY = "Same person: checked the ID together"


@pytest.fixture
def lee(team):
    """Lee, a second counselor of Dana's team."""
    return factories.counselor("Lee Osei", team=team)


@pytest.fixture
def twin(lee, team):
    """Alex once more, registered by Lee as Alexander."""
    return factories.client_of(
        lee, team=team, given_name="Alexander", family_name="Moreno", time_zone="America/Phoenix"
    )


def again(thing):
    thing.refresh_from_db()
    return thing


def merge(survivor, merged, by, now, reason=WHY):
    return merge_clients(survivor_id=survivor.pk, merged_id=merged.pk, reason=reason, by=by, now=now)


def undo(done, by, now):
    return undo_merge(merge_id=done.pk, by=by, now=now)


def picture(*clients):
    """Everything of these clients that a merge may touch, to compare before and after."""
    names = {
        Client: ("merged_into", "absorbed", "state"),
        FollowUpPlan: ("client", "state", "closed_at", "closed_reason"),
        Message: ("client", "status", "due_at", "reason_code", "closed_at"),
        ToDo: ("client", "plan", "step_key", "owner", "due_at", "state", "cancelled_reason"),
        InboundMessage: ("client", "read_at"),
        Permission: ("client", "withdrawn_at", "withdrawn_how"),
        ContactPoint: ("client", "state", "is_shared", "shared_reviewed_at", "retired_at"),
        Session: ("client", "state"),
    }
    return {
        model.__name__: list(model.objects.order_by("pk").values_list("pk", *fields))
        for model, fields in names.items()
    } | {"summary": [type(one.summary).objects.filter(pk=one.pk).values()[0] for one in clients]}


# --- one record stands for both --------------------------------------------------------------------------------------
def test_the_merged_record_points_to_the_one_that_stands_for_it(alex, twin, sam, now):
    done = merge(alex, twin, sam, now)
    assert again(twin).merged_into == alex
    assert again(alex).absorbed == [twin.pk]
    assert (done.survivor, done.merged, done.by, done.at, done.reason) == (alex, twin, sam, now, WHY)
    assert alex.record_ids == twin.record_ids == [alex.pk, twin.pk]
    assert twin.survivor == alex


def test_lists_hold_the_survivor_once_and_its_rows_include_the_other_ones(alex, twin, dana, sam, now):
    held = actions.log_contact(client_id=twin.pk, channel="phone", outcome="reached", by=sam, now=now)
    merge(alex, twin, sam, now)
    for person in (dana, sam):
        assert list(Client.objects.visible_to(person, at=now)) == [alex]
        assert held in type(held).objects.visible_to(person, at=now)
    assert list(type(held).objects.of(again(alex))) == [held]
    assert list(type(held).objects.of(again(twin))) == [held]


def test_nobody_sees_more_than_through_the_survivors_team(alex, twin, dana, lee, robin, sam, now):
    seen_before = set(Client.objects.readable_to(lee, at=now))
    merge(alex, twin, sam, now)
    assert seen_before == {twin}
    assert not Client.objects.readable_to(lee, at=now)  # Lee cared for the duplicate; the survivor is Dana's
    assert not Client.objects.readable_to(robin, at=now)
    assert set(Client.objects.readable_to(dana, at=now)) == {alex, twin}


def test_whatever_is_done_to_the_merged_record_is_done_to_the_survivor(alex, twin, sam, now):
    merge(alex, twin, sam, now)
    assert locked(twin.pk) == alex
    attempt = actions.log_contact(client_id=twin.pk, channel="phone", outcome="voicemail", by=sam, now=now)
    assert attempt.client == alex


def test_a_signed_or_audited_row_stays_where_it_is(alex, twin, dana, sam, now):
    told = report(twin, sam, now - DAY).report
    gone = sent(first_message(twin), now - HOUR)
    StageAssessment.objects.create(
        client=twin,
        assessor=sam,
        assessed_at=now - DAY,
        counselor_stage="mental",
        state="draft",
        saved_at=now,
    )
    before = list(AuditEvent.objects.order_by("pk").values_list("pk", "client_id"))
    merge(alex, twin, sam, now)
    assert (again(told).client, again(gone).client) == (twin, twin)
    assert StageAssessment.objects.get().client == twin
    assert list(AuditEvent.objects.order_by("pk").values_list("pk", "client_id"))[: len(before)] == before


def test_both_trails_tell_of_the_merge_without_its_words(alex, twin, sam, now):
    done = merge(alex, twin, sam, now)
    rows = AuditEvent.objects.filter(verb="client.merged")
    assert set(rows.values_list("client_id", flat=True)) == {alex.pk, twin.pk}
    assert all(row.detail == {"survivor": alex.pk, "merged": twin.pk} for row in rows)
    assert rows[0].target_id == str(done.pk)


def test_the_stage_and_the_last_talk_are_reckoned_over_both(alex, twin, dana, sam, now):
    report(alex, dana, now - 9 * DAY, stage="emotional")
    report(twin, sam, now - 2 * DAY, stage="mental")
    actions.log_contact(client_id=twin.pk, channel="phone", outcome="reached", by=sam, now=now - DAY)
    merge(alex, twin, sam, now)
    alex.summary.refresh_from_db()
    assert (alex.summary.stage, alex.summary.last_contact_at) == ("mental", now - DAY)


# --- the plan --------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("own", "theirs", "kept"),
    [
        (("mental", 1), ("physical", 9), "theirs"),
        (("physical", 9), ("mental", 1), "own"),
        (("mental", 9), ("mental", 1), "theirs"),
        (("mental", 1), ("mental", 9), "own"),
        (("mental", 3), None, "own"),
        (None, ("mental", 3), "theirs"),
    ],
)
def test_the_plan_of_the_higher_stage_is_kept_and_the_newest_on_a_tie(
    alex, twin, dana, sam, now, own, theirs, kept
):
    plans = {}
    for name, client, told in (("own", alex, own), ("theirs", twin, theirs)):
        if told is not None:
            plans[name] = report(client, sam, now - told[1] * DAY, stage=told[0]).plan
    merge(alex, twin, sam, now)
    running = FollowUpPlan.objects.running().get()
    assert running == plans.pop(kept)
    assert running.client == alex
    for other in plans.values():
        assert (again(other).state, other.closed_reason) == (PlanState.SUPERSEDED, "merged")
        assert not other.messages.unsettled().exists()
    assert set(running.messages.unsettled().values_list("client", flat=True)) == {alex.pk}
    alex.summary.refresh_from_db()
    assert (alex.summary.plan_state, alex.summary.plan_stage) == ("active", running.stage)


def test_no_step_goes_twice_on_one_local_day(alex, twin, dana, sam, now):
    report(alex, dana, now)
    report(twin, sam, now)
    assert Message.objects.unsettled().count() == 2 * PHONE_STEPS
    merge(alex, twin, sam, now)
    left = Message.objects.unsettled()
    assert left.count() == PHONE_STEPS
    assert left.values("step_key", "local_date").distinct().count() == PHONE_STEPS
    assert set(Message.objects.exclude(pk__in=left).values_list("status", "reason_code")) == {
        ("cancelled", "merged")
    }


def test_two_records_without_a_plan_merge_without_one(alex, twin, sam, now):
    merge(alex, twin, sam, now)
    assert not FollowUpPlan.objects.exists()


def test_what_a_sender_holds_of_the_other_plan_is_told_not_to_go(alex, twin, dana, sam, now):
    report(alex, dana, now)
    report(twin, sam, now - DAY)
    message = first_message(twin)
    Message.objects.filter(pk=message.pk).update(
        status="claimed", lease_until=now + HOUR, attempt_id=message.uid, lease_owner="w"
    )
    merge(alex, twin, sam, now)
    assert again(message).recalled == Message.Recall.CANCEL
    assert message.client == alex


def test_sends_of_both_records_count_for_the_caps(alex, twin, dana, sam, now):
    report(twin, sam, now - DAY)
    sent(first_message(twin), now - HOUR)
    report(alex, dana, now)
    merge(alex, twin, sam, now)
    message = Message.objects.unsettled().order_by("due_at").first()
    noon = now + 4 * HOUR
    Message.objects.filter(pk=message.pk).update(due_at=noon, local_date=noon.date())
    assert policy.may_send(again(message), noon).reason == "cap_day"


# --- to-dos ----------------------------------------------------------------------------------------------------------
def test_to_dos_come_to_the_survivor_each_once(alex, twin, dana, sam, now):
    report(alex, dana, now)
    before = open_todos(alex)
    report(twin, sam, now)
    merge(alex, twin, sam, now)
    assert open_todos(alex) == before
    assert open_todos(twin) == []
    assert set(ToDo.objects.open().values_list("plan", flat=True)) == {
        FollowUpPlan.objects.running().get().pk
    }


def test_of_two_alike_the_earlier_time_holds(alex, twin, dana, sam, now):
    report(alex, dana, now)
    report(twin, sam, now - 5 * HOUR)
    merge(alex, twin, sam, now)
    talk = ToDo.objects.open().get(kind=ToDoKind.FIRST_CONTACT)
    assert (talk.client, talk.owner) == (alex, dana)
    assert talk.due_at == min(
        ToDo.objects.filter(kind=ToDoKind.FIRST_CONTACT).values_list("due_at", flat=True)
    )


def test_an_alarm_is_never_dropped(alex, twin, dana, sam, now):
    report(alex, dana, now, red_flags=["seizure"])
    report(twin, sam, now, red_flags=["chest_pain"])
    merge(alex, twin, sam, now)
    assert open_todos(alex).count(ToDoKind.EMERGENCY) == 2


def test_a_to_do_of_somebody_who_does_not_see_the_survivor_goes_to_their_counselor(
    alex, twin, lee, dana, sam, now
):
    mine = actions.add_todo(client_id=twin.pk, title="Ask about the job", due_at=now + DAY, by=lee, now=now)
    its = actions.add_todo(client_id=twin.pk, title="Look at the file", due_at=now + DAY, by=sam, now=now)
    ToDo.objects.filter(pk=its.pk).update(owner=sam)
    assert mine.owner == lee
    merge(alex, twin, sam, now)
    assert (again(mine).client, mine.owner) == (alex, dana)
    assert (again(its).client, its.owner) == (alex, sam)


def test_the_same_to_do_on_both_records_stays_once_and_another_one_stays(alex, twin, sam, now):
    for client in (alex, twin):
        actions.add_todo(client_id=client.pk, title="Send the form", due_at=now + DAY, by=sam, now=now)
    actions.add_todo(client_id=twin.pk, title="Send the letter", due_at=now + DAY, by=sam, now=now)
    merge(alex, twin, sam, now)
    assert sorted(alex.todos.open().values_list("title", flat=True)) == ["Send the form", "Send the letter"]


def test_a_silence_that_lasts_is_the_survivors_and_goes_back_with_the_plan(alex, twin, sam, now):
    plan = report(twin, sam, now - 5 * DAY).plan
    rung = LadderRung.objects.create(
        client=twin, plan=plan, rung=1, silent_since=plan.starts_at, reached_at=now, why="silent"
    )
    done = merge(alex, twin, sam, now)
    assert again(rung).client == alex
    undo(done, sam, now + HOUR)
    assert again(rung).client == twin


def test_unanswered_texts_become_the_survivors_to_answer(alex, twin, sam, now):
    inbound = texts(twin, "Who is this?", now)
    merge(alex, twin, sam, now)
    assert again(inbound).client == alex
    alex.summary.refresh_from_db()
    assert alex.summary.unread_answers == 1


# --- permissions and numbers: the stricter wins -----------------------------------------------------------------------
@pytest.mark.parametrize("stopped", ["alex", "twin"])
def test_a_stop_on_either_record_holds_for_both(request, stopped, alex, twin, dana, sam, now):
    plan = report(alex, dana, now).plan
    who = request.getfixturevalue(stopped)
    texts(who, "STOP", now)
    merge(alex, twin, sam, now)
    assert not Permission.objects.of(again(alex)).in_force(now).filter(channel="text").exists()
    assert not plan.messages.unsettled().exists()
    assert plan.todos.open().filter(kind=ToDoKind.CALL).count() == PHONE_STEPS


def test_start_takes_a_stop_by_keyword_back_after_the_merge_too(alex, twin, sam, now):
    texts(twin, "STOP", now)
    merge(alex, twin, sam, now)
    texts(alex, "START", now + HOUR)
    assert Permission.objects.of(again(alex)).in_force(now + HOUR).filter(channel="text").count() == 1


def test_who_wanted_no_messages_on_one_record_gets_none_on_either(alex, twin, dana, sam, now):
    report(alex, dana, now)
    report(twin, sam, now - DAY)
    actions.withdraw_permission(client_id=twin.pk, channel="messages", by=sam, now=now)
    merge(alex, twin, sam, now)
    assert FollowUpPlan.objects.running().get().state == PlanState.MESSAGES_OFF
    assert not Message.objects.unsettled().exists()


def test_a_permission_that_only_the_other_record_has_counts(alex, twin, dana, sam, now):
    Permission.objects.filter(client=alex).delete()
    plan = report(twin, sam, now).plan
    merge(alex, twin, sam, now)
    message = plan.messages.order_by("due_at").first()
    ContactPoint.objects.filter(client=alex).update(retired_at=now)
    verdict = policy.may_send(message, message.due_at)
    assert verdict.decision is Decision.SEND
    assert verdict.address == twin.contact_points.get().normalized
    assert grant_permission(client_id=alex.pk, channel="text", by=sam, now=now).client == twin


def test_a_withdrawal_after_the_merge_ends_what_both_records_brought(alex, twin, sam, now):
    merge(alex, twin, sam, now)
    actions.withdraw_permission(client_id=alex.pk, channel="text", by=sam, now=now + HOUR)
    assert not Permission.objects.in_force(now + HOUR).filter(channel="text").exists()


@pytest.mark.parametrize("marked", ["alex", "twin"])
def test_a_number_that_does_not_work_on_one_record_is_not_used_on_either(
    request, marked, alex, twin, dana, sam, now
):
    same = alex.contact_points.get()
    ContactPoint.objects.filter(client=twin).update(value=same.value, normalized=same.normalized)
    point = request.getfixturevalue(marked).contact_points.get()
    actions.mark_contact(contact_id=point.pk, state="bad", by=sam, now=now)
    merge(alex, twin, sam, now)
    left = ContactPoint.objects.of(again(alex)).current().get()
    assert (left.client, left.is_usable) == (alex, False)


def test_a_shared_phone_that_nobody_has_talked_over_stays_closed(alex, twin, sam, now):
    same = alex.contact_points.get()
    ContactPoint.objects.filter(client=twin).update(
        value=same.value, normalized=same.normalized, is_shared=True
    )
    merge(alex, twin, sam, now)
    assert not ContactPoint.objects.of(again(alex)).current().get().is_usable


def test_a_number_of_the_merged_record_is_not_added_a_second_time(alex, twin, sam, now):
    merge(alex, twin, sam, now)
    number = twin.contact_points.get().value
    with pytest.raises(Conflict):
        add_contact_point(client_id=alex.pk, kind="mobile", value=number, by=sam, now=now)


def test_a_text_from_the_merged_records_number_reaches_the_survivor_once(alex, twin, sam, now):
    merge(alex, twin, sam, now)
    number = twin.contact_points.get().normalized
    inbound = inbox.receive(
        provider="sandbox", provider_id="i-1", channel="sms", from_address=number, body="2", now=now
    )
    assert inbound.client == alex
    assert list(ToDo.objects.open().values_list("client", "kind")) == [(alex.pk, ToDoKind.CALL)]


# --- sessions --------------------------------------------------------------------------------------------------------
def planned(client, counselor, start, now):
    return schedule_session(
        client_id=client.pk,
        counselor=counselor,
        starts_at=start,
        ends_at=start + HOUR,
        by=counselor,
        now=now,
    )


def test_planned_sessions_come_along_unless_two_would_overlap(alex, twin, dana, lee, sam, now):
    later = planned(twin, lee, now + 3 * DAY, now)
    planned(alex, dana, now + DAY, now)
    overlaps = planned(twin, lee, now + DAY + HOUR / 2, now)
    done = merge(alex, twin, sam, now)
    assert (again(later).client, again(overlaps).client) == (alex, twin)
    assert done.moved["sessions"] == [later.pk]
    alex.summary.refresh_from_db()
    assert alex.summary.next_session_at == now + DAY


# --- what cannot be merged -------------------------------------------------------------------------------------------
def test_a_record_and_itself_are_not_merged(alex, sam, now):
    with pytest.raises(InvalidInput):
        merge(alex, alex, sam, now)


def test_a_merge_asks_how_one_knows(alex, twin, sam, now):
    with pytest.raises(InvalidInput) as refused:
        merge(alex, twin, sam, now, reason="  ")
    assert refused.value.field == "reason"
    assert again(twin).merged_into is None


def test_a_merged_record_is_not_merged_again(alex, twin, sam, now):
    merge(alex, twin, sam, now)
    for pair in ((alex, twin), (twin, alex)):
        with pytest.raises(Conflict):
            merge(*pair, sam, now)


@pytest.mark.parametrize(
    ("own", "theirs", "allowed"),
    [
        ("active", "active", True),
        ("paused", "paused", True),
        ("active", "discharged", True),
        ("discharged", "discharged", True),
        ("deceased", "deceased", True),
        ("discharged", "active", False),
        ("active", "paused", False),
        ("paused", "active", False),
        ("active", "deceased", False),
        ("deceased", "active", False),
        ("deceased", "discharged", False),
    ],
)
def test_states_that_cannot_both_be_so_are_put_right_first(alex, twin, sam, now, own, theirs, allowed):
    Client.objects.filter(pk=alex.pk).update(state=own)
    Client.objects.filter(pk=twin.pk).update(state=theirs)
    if allowed:
        merge(alex, twin, sam, now)
        assert again(alex).state == own
        return
    with pytest.raises(Conflict):
        merge(alex, twin, sam, now)
    assert not ClientMerge.objects.exists()


@pytest.mark.parametrize("person", ["dana", "ada", "audrey"])
def test_only_a_supervisor_merges_and_undoes(request, person, alex, twin, sam, now):
    by = request.getfixturevalue(person)
    with pytest.raises(NotAllowed):
        merge(alex, twin, by, now)
    done = merge(alex, twin, sam, now)
    with pytest.raises(NotAllowed):
        undo(done, by, now)


@pytest.mark.parametrize("verb", ["client.merged", "client.merge_undone"])
def test_without_the_trail_nothing_moves(alex, twin, dana, sam, now, monkeypatch, verb):
    report(alex, dana, now)
    report(twin, sam, now)
    done = merge(alex, twin, sam, now) if verb == "client.merge_undone" else None
    before = picture(alex, twin)
    real = audit.record

    def breaks(said, **fields):
        if said == verb:
            raise RuntimeError("no trail")
        return real(said, **fields)

    monkeypatch.setattr(audit, "record", breaks)
    with pytest.raises(RuntimeError):
        undo(done, sam, now) if done else merge(alex, twin, sam, now)
    assert picture(alex, twin) == before


# --- undoing ---------------------------------------------------------------------------------------------------------
def both_in_full(alex, twin, dana, lee, sam, now):
    """Both records with plans, to-dos, texts, a shared number and sessions."""
    same = alex.contact_points.get()
    point = add_contact_point(client_id=twin.pk, kind="mobile", value=same.value, by=sam, now=now)
    actions.mark_contact(contact_id=point.pk, state="bad", by=sam, now=now)
    factories.PermissionFactory(client=alex, channel="call")
    factories.PermissionFactory(client=twin, channel="call")
    actions.withdraw_permission(client_id=twin.pk, channel="call", by=sam, now=now)
    report(alex, dana, now, stage="mental")
    report(twin, sam, now - DAY)
    sent(first_message(twin), now - HOUR)
    texts(twin, "How is that?", now, address=twin.contact_points.order_by("pk").first().normalized)
    actions.add_todo(client_id=twin.pk, title="Send the form", due_at=now + DAY, by=lee, now=now)
    actions.log_contact(client_id=twin.pk, channel="phone", outcome="reached", by=sam, now=now)
    planned(twin, lee, now + 3 * DAY, now)


@pytest.mark.parametrize("swapped", [False, True])
def test_undoing_restores_exactly_what_was(alex, twin, dana, lee, sam, now, swapped):
    both_in_full(alex, twin, dana, lee, sam, now)
    survivor, merged = (twin, alex) if swapped else (alex, twin)
    before = picture(alex, twin)
    done = merge(survivor, merged, sam, now + HOUR)
    assert picture(alex, twin) != before
    undo(done, sam, now + DAY)
    after = picture(alex, twin)
    for what, rows in before.items():
        assert after[what] == rows, what


def test_undoing_twice_is_refused(alex, twin, sam, now):
    done = merge(alex, twin, sam, now)
    undo(done, sam, now)
    with pytest.raises(Conflict):
        undo(done, sam, now)
    assert (again(done).undone_at, done.undone_by) == (now, sam)


@pytest.mark.parametrize(("after", "allowed"), [(30 * DAY, True), (30 * DAY + timedelta(seconds=1), False)])
def test_a_merge_can_be_undone_for_thirty_days(alex, twin, sam, now, after, allowed):
    done = merge(alex, twin, sam, now)
    assert done.can_be_undone(now + after) is allowed
    if allowed:
        undo(done, sam, now + after)
        assert again(twin).merged_into is None
        return
    with pytest.raises(Conflict, match="30 days"):
        undo(done, sam, now + after)
    assert again(twin).merged_into == alex


def test_what_came_since_stays_with_the_survivor(alex, twin, dana, sam, now):
    theirs = report(twin, sam, now - DAY, stage="mental").plan
    done = merge(alex, twin, sam, now)
    new = report(again(alex), dana, now + DAY).plan
    held = actions.log_contact(
        client_id=alex.pk, channel="phone", outcome="reached", by=dana, now=now + 2 * DAY
    )
    undo(done, sam, now + 3 * DAY)
    assert (again(theirs).client, theirs.state) == (twin, PlanState.SUPERSEDED)
    assert (again(new).client, new.state, held.client) == (alex, PlanState.ACTIVE, alex)
    alex.summary.refresh_from_db()
    assert alex.summary.last_contact_at == now + 2 * DAY


def test_a_plan_that_gave_way_stays_closed_when_the_survivor_has_a_newer_one(alex, twin, dana, sam, now):
    own = report(alex, dana, now, stage="mental").plan
    report(twin, sam, now)
    done = merge(alex, twin, sam, now)
    newer = report(again(alex), dana, now + DAY).plan
    undo(done, sam, now + 2 * DAY)
    assert again(own).state == PlanState.SUPERSEDED
    assert not own.todos.open().exists()
    assert FollowUpPlan.objects.running().get() == newer


def test_a_stop_since_the_merge_stays_a_stop_on_both(alex, twin, sam, now):
    done = merge(alex, twin, sam, now)
    texts(alex, "STOP", now + HOUR)
    undo(done, sam, now + DAY)
    assert not Permission.objects.in_force(now + DAY).filter(channel="text").exists()


def test_what_was_said_of_a_number_since_stays_said(alex, twin, sam, now):
    same = alex.contact_points.get()
    ContactPoint.objects.filter(client=twin).update(value=same.value, normalized=same.normalized)
    done = merge(alex, twin, sam, now)
    actions.mark_contact(contact_id=same.pk, state="bad", by=sam, now=now + HOUR)
    undo(done, sam, now + DAY)
    assert again(same).state == "bad"
    assert twin.contact_points.current().get().state == "verified"


def test_a_survivor_that_is_merged_itself_takes_the_other_along(alex, twin, lee, team, sam, now):
    third = factories.client_of(lee, team=team, given_name="Al", family_name="Moreno")
    first = merge(alex, twin, sam, now)
    second = merge(third, alex, sam, now + HOUR)
    assert {again(one).merged_into for one in (alex, twin)} == {third}
    assert sorted(again(third).absorbed) == sorted([alex.pk, twin.pk])
    with pytest.raises(Conflict, match="first"):
        undo(first, sam, now + DAY)
    undo(second, sam, now + DAY)
    assert (again(alex).merged_into, again(twin).merged_into) == (None, alex)
    assert (alex.absorbed, again(third).absorbed) == ([twin.pk], [])
    undo(first, sam, now + DAY)
    assert again(twin).merged_into is None


def test_both_ends_of_a_merge_always_say_the_same(alex, twin, sam, now):
    done = merge(alex, twin, sam, now)
    for _step in range(2):
        for client in Client.objects.all():
            pointing = set(Client.objects.filter(merged_into=client).values_list("pk", flat=True))
            assert pointing == set(client.absorbed)
        if again(done).undone_at is None:
            undo(done, sam, now)


def test_two_are_held_in_one_order_whoever_asks(alex, twin):
    assert record.held_together(alex.pk, twin.pk) == [alex, twin]
    assert record.held_together(twin.pk, alex.pk) == [twin, alex]


def test_days_in_care_count_from_the_first_admission_of_either(alex, twin, sam, now):
    factories.EpisodeOfCareFactory(client=alex, admitted_on=date(2025, 6, 1))
    factories.EpisodeOfCareFactory(client=twin, admitted_on=date(2024, 6, 1))
    done = merge(alex, twin, sam, now)
    alex.summary.refresh_from_db()
    assert alex.summary.first_admitted_on == date(2024, 6, 1)
    undo(done, sam, now)
    alex.summary.refresh_from_db()
    assert alex.summary.first_admitted_on == date(2025, 6, 1)


def test_the_lower_verb_alone_moves_no_session(alex, twin, lee, sam, now):
    later = planned(twin, lee, now + 3 * DAY, now)
    assert sessions.pass_upcoming(from_id=twin.pk, to_id=alex.pk, among=[]) == []
    assert again(later).client == twin


def test_a_permission_given_anew_since_is_the_one_that_holds(alex, twin, sam, now):
    texts(twin, "STOP", now)
    done = merge(alex, twin, sam, now)
    new = grant_permission(client_id=alex.pk, channel="text", by=sam, now=now + HOUR)
    undo(done, sam, now + DAY)
    assert list(alex.permissions.in_force(now + DAY).filter(channel="text")) == [new]


def test_a_number_taken_off_since_stays_off(alex, twin, sam, now):
    same = alex.contact_points.get()
    ContactPoint.objects.filter(client=twin).update(value=same.value, normalized=same.normalized)
    done = merge(alex, twin, sam, now)
    actions.retire_contact_point(contact_id=same.pk, by=sam, now=now + HOUR)
    undo(done, sam, now + DAY)
    assert again(same).retired_at == now + HOUR
    assert twin.contact_points.current().count() == 1


def test_a_plan_that_the_merge_silenced_speaks_again_when_it_is_undone(alex, twin, dana, sam, now):
    Permission.objects.filter(client=twin).delete()
    own = report(alex, dana, now).plan
    theirs = report(twin, sam, now - DAY, stage="mental").plan
    actions.withdraw_permission(client_id=twin.pk, channel="messages", by=sam, now=now)
    assert again(theirs).state == PlanState.MESSAGES_OFF
    done = merge(alex, twin, sam, now + HOUR)
    assert again(own).state == PlanState.MESSAGES_OFF
    undo(done, sam, now + 2 * HOUR)
    assert (again(own).state, again(theirs).state) == (PlanState.ACTIVE, PlanState.MESSAGES_OFF)
    assert set(own.messages.values_list("status", flat=True)) == {"planned"}
