"""Who leads a group, who belongs to it over time, and who sees that."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction

from casework.followup.actions import endings, merging
from casework.followup.actions import groups as composite
from casework.followup.people import answers_for
from clients.absences import arrange_absence
from clients.errors import Conflict, InvalidInput, InvalidTransition, NotAllowed
from clients.models import AuditEvent, CareTeamMember, Client
from sessions.actions import groups
from sessions.models import Group, GroupMembership, Session
from tests import factories
from tests.sessions.grouping import HOUR, begun, marked, met

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


@pytest.fixture
def kim(team):
    """Kim, a counselor of the same team who leads groups."""
    return factories.counselor("Kim Soto", team=team)


@pytest.fixture
def group(kim, team, now) -> Group:
    return begun(kim, now=now - 30 * DAY, team=team)


def joined(group, client, by, now) -> GroupMembership:
    return composite.join_group(group_id=group.pk, client_id=client.pk, by=by, now=now)


def sees(user, client, at) -> bool:
    return Client.objects.visible_to(user, at=at).filter(pk=client.pk).exists()


def test_a_group_is_begun_under_a_name(dana, team, now):
    group = begun(dana, now=now, team=team, name="  Mornings ", capacity=8)
    assert (group.name, group.capacity, group.state) == ("Mornings", 8, "running")
    assert AuditEvent.objects.filter(verb="group.begun", target_id=str(group.pk)).exists()


@pytest.mark.parametrize(
    ("fields", "field"),
    [({"name": " "}, "name"), ({"capacity": 0}, "capacity"), ({"state": "ended"}, "state")],
)
def test_a_group_that_makes_no_sense_is_declined_with_the_field(dana, team, now, fields, field):
    with pytest.raises(InvalidInput) as refused:
        begun(dana, now=now, team=team, **fields)
    assert refused.value.field == field


def test_nobody_leads_a_group_together_with_themselves(dana, team, now):
    with pytest.raises(InvalidInput) as refused:
        begun(dana, now=now, team=team, co=dana)
    assert refused.value.field == "co_facilitator"
    with pytest.raises(IntegrityError, match="group_led_by_two_different_people"), transaction.atomic():
        Group.objects.create(name="x", team=team, facilitator=dana, co_facilitator=dana, begun_at=now)


def test_an_administrator_begins_no_group(ada, team, now):
    with pytest.raises(NotAllowed):
        begun(ada, now=now, team=team)


def test_changing_a_group_keeps_what_is_not_named(group, kim, now):
    groups.change_group(group_id=group.pk, capacity=6, by=kim, now=now)
    group.refresh_from_db()
    assert (group.name, group.capacity) == ("Tuesday evening", 6)


# --- the facilitator is on the care team, by the clock ---
def test_a_facilitator_sees_a_member_from_joining_to_leaving(group, alex, dana, kim, now):
    assert not sees(kim, alex, now)
    membership = joined(group, alex, dana, now)
    assert sees(kim, alex, now)
    composite.leave_group(membership_id=membership.pk, reason="left", by=dana, now=now + DAY)
    assert sees(kim, alex, now + DAY - HOUR)
    assert not sees(kim, alex, now + DAY + HOUR)


def test_a_facilitator_does_not_answer_for_the_client(group, alex, dana, kim, now):
    joined(group, alex, dana, now)
    assert answers_for(alex, now) == dana
    CareTeamMember.objects.filter(client=alex, role="primary").delete()
    assert answers_for(alex, now) != kim


def test_the_co_facilitator_sees_the_members_too(kim, dana, team, alex, robin, now):
    group = begun(kim, now=now, team=team, co=robin)
    joined(group, alex, dana, now)
    assert sees(robin, alex, now)


def test_who_is_in_two_groups_of_one_facilitator_stays_seen_until_the_second_ends(
    group, alex, dana, kim, team, now
):
    other = begun(kim, now=now, team=team, name="Mornings")
    first, second = joined(group, alex, dana, now), joined(other, alex, dana, now)
    assert CareTeamMember.objects.filter(client=alex, role="group", ends_at=None).count() == 1
    composite.leave_group(membership_id=first.pk, reason="left", by=dana, now=now + DAY)
    assert sees(kim, alex, now + 2 * DAY)
    composite.leave_group(membership_id=second.pk, reason="left", by=dana, now=now + 3 * DAY)
    assert not sees(kim, alex, now + 4 * DAY)


def test_who_owes_a_note_sees_the_client_for_fourteen_days_more(group, alex, dana, kim, now):
    membership = joined(group, alex, dana, now - 2 * DAY)
    meeting = met(group, kim, starts_at=now - DAY, now=now - 2 * DAY)
    marked(meeting, kim, now=now - DAY + 2 * HOUR)
    composite.leave_group(membership_id=membership.pk, reason="moved", by=dana, now=now)
    assert sees(kim, alex, now + 14 * DAY - HOUR)
    assert not sees(kim, alex, now + 14 * DAY + HOUR)


def test_who_comes_back_within_the_fourteen_days_is_simply_a_member_again(group, alex, dana, kim, now):
    membership = joined(group, alex, dana, now - 2 * DAY)
    marked(met(group, kim, starts_at=now - DAY, now=now - 2 * DAY), kim, now=now - DAY + 2 * HOUR)
    composite.leave_group(membership_id=membership.pk, reason="moved", by=dana, now=now)
    joined(group, alex, dana, now + DAY)
    assert sees(kim, alex, now + 40 * DAY)
    assert CareTeamMember.objects.filter(client=alex, role="group").count() == 1


# --- the roster ---
def test_a_membership_says_who_added_and_why_it_ended(group, alex, dana, kim, now):
    membership = joined(group, alex, dana, now)
    left = composite.leave_group(membership_id=membership.pk, reason="completed", by=kim, now=now + DAY)
    assert (left.added_by, left.left_by, left.leave_reason) == (dana, kim, "completed")
    trail = AuditEvent.objects.filter(client_id=alex.pk, verb__startswith="group.").order_by("pk")
    assert list(trail.values_list("verb", flat=True)) == ["group.joined", "group.left"]


def test_nobody_is_in_a_group_twice_at_once(group, alex, dana, now):
    joined(group, alex, dana, now)
    with pytest.raises(Conflict, match="in this group already"):
        joined(group, alex, dana, now + HOUR)
    with pytest.raises(IntegrityError, match="one_open_place_per_client_in_a_group"), transaction.atomic():
        GroupMembership.objects.create(group=group, client=alex, joined_at=now)


def test_a_full_group_takes_nobody_until_somebody_leaves(group, alex, dana, kim, team, now):
    groups.change_group(group_id=group.pk, capacity=1, by=kim, now=now)
    first = joined(group, alex, dana, now)
    other = factories.client_of(dana, team=team, given_name="Bo")
    with pytest.raises(Conflict, match="full"):
        joined(group, other, dana, now)
    composite.leave_group(membership_id=first.pk, reason="left", by=dana, now=now)
    assert joined(group, other, dana, now + HOUR).client == other


def test_who_is_not_in_care_cannot_join(group, alex, dana, now):
    endings.discharge(client_id=alex.pk, reason="completed", on=now.date(), by=dana, now=now)
    with pytest.raises(InvalidInput, match="cannot join"):
        joined(group, alex, dana, now)


def test_leaving_needs_a_reason_and_happens_once(group, alex, dana, now):
    membership = joined(group, alex, dana, now)
    with pytest.raises(InvalidInput) as refused:
        composite.leave_group(membership_id=membership.pk, reason="", by=dana, now=now)
    assert refused.value.field == "leave_reason"
    composite.leave_group(membership_id=membership.pk, reason="left", by=dana, now=now)
    with pytest.raises(InvalidTransition):
        composite.leave_group(membership_id=membership.pk, reason="left", by=dana, now=now)


@pytest.mark.parametrize("act", ["discharge", "death"])
def test_who_is_discharged_or_has_died_leaves_every_roster(group, alex, dana, kim, now, act):
    joined(group, alex, dana, now)
    coming = met(group, kim, starts_at=now + DAY, now=now)
    told = {"client_id": alex.pk, "on": now.date(), "by": dana, "now": now + HOUR}
    if act == "discharge":
        endings.discharge(reason="completed", **told)
    else:
        endings.record_death(**told)
    left = GroupMembership.objects.get(client=alex)
    assert (left.left_at, left.leave_reason) == (
        now + HOUR,
        "discharged" if act == "discharge" else "deceased",
    )
    assert Session.objects.get(meeting=coming, client=alex).state == "cancelled"
    assert not sees(kim, alex, now + 2 * HOUR)


# --- merging ---
@pytest.fixture
def twin(dana, team):
    """A second record of Alex."""
    return factories.client_of(dana, team=team, given_name="Al", family_name="Moreno")


def test_a_merged_record_passes_its_place_to_the_one_that_stands_for_both(
    group, alex, twin, dana, kim, sam, now
):
    joined(group, twin, dana, now)
    merging.merge_clients(survivor_id=alex.pk, merged_id=twin.pk, reason="Same person", by=sam, now=now + DAY)
    present = group.memberships.in_force(now + 2 * DAY)
    assert [one.client for one in present] == [alex]
    assert GroupMembership.objects.get(client=twin).leave_reason == "merged"
    assert sees(kim, alex, now + 2 * DAY)


def test_two_records_in_one_group_are_one_member_after_the_merge(group, alex, twin, dana, sam, now):
    joined(group, twin, dana, now)
    joined(group, alex, dana, now)
    merging.merge_clients(survivor_id=alex.pk, merged_id=twin.pk, reason="Same person", by=sam, now=now + DAY)
    assert group.memberships.in_force(now + 2 * DAY).count() == 1
    with pytest.raises(Conflict):
        joined(group, alex, dana, now + 2 * DAY)


@pytest.mark.parametrize("both", [True, False])
def test_undoing_the_merge_puts_both_back(group, alex, twin, dana, sam, now, both):
    joined(group, twin, dana, now)
    if both:
        joined(group, alex, dana, now)
    done = merging.merge_clients(
        survivor_id=alex.pk, merged_id=twin.pk, reason="Same person", by=sam, now=now + DAY
    )
    merging.undo_merge(merge_id=done.pk, by=sam, now=now + 2 * DAY)
    present = {one.client for one in group.memberships.in_force(now + 3 * DAY)}
    assert present == ({alex, twin} if both else {twin})


def test_undoing_brings_nobody_back_into_a_group_that_ended_since(group, alex, twin, dana, kim, sam, now):
    joined(group, twin, dana, now)
    done = merging.merge_clients(
        survivor_id=alex.pk, merged_id=twin.pk, reason="Same person", by=sam, now=now + DAY
    )
    composite.end_group(group_id=group.pk, by=kim, now=now + DAY + HOUR)
    merging.undo_merge(merge_id=done.pk, by=sam, now=now + 2 * DAY)
    assert not group.memberships.filter(left_at=None).exists()


# --- ending a group, and handing it over ---
def test_ending_a_group_calls_its_meetings_off_and_keeps_everything(group, alex, dana, kim, now):
    joined(group, alex, dana, now)
    past = met(group, kim, starts_at=now + HOUR, now=now)
    marked(past, kim, now=now + 3 * HOUR)
    coming = met(group, kim, starts_at=now + 7 * DAY, now=now + 3 * HOUR)
    ended = composite.end_group(group_id=group.pk, by=kim, now=now + DAY)
    past.refresh_from_db()
    coming.refresh_from_db()
    assert (ended.state, past.state, coming.state) == ("ended", "held", "cancelled")
    assert GroupMembership.objects.get().leave_reason == "ended"
    assert Session.objects.get(meeting=past).state == "attended"
    assert Session.objects.get(meeting=coming).state == "cancelled"


def test_an_ended_group_takes_no_member_and_no_meeting_until_it_is_taken_up_again(
    group, alex, dana, kim, now
):
    composite.end_group(group_id=group.pk, by=kim, now=now)
    with pytest.raises(InvalidInput, match="has ended"):
        joined(group, alex, dana, now)
    with pytest.raises(InvalidInput, match="has ended"):
        met(group, kim, starts_at=now + DAY, now=now)
    with pytest.raises(InvalidTransition):
        composite.end_group(group_id=group.pk, by=kim, now=now)
    groups.take_up_again(group_id=group.pk, by=kim, now=now)
    assert joined(group, alex, dana, now).left_at is None


def test_handing_over_passes_members_and_meetings_to_come(group, alex, dana, kim, robin, now):
    joined(group, alex, dana, now)
    coming = met(group, kim, starts_at=now + DAY, now=now)
    composite.hand_over_group(group_id=group.pk, facilitator=robin, by=kim, now=now + HOUR)
    coming.refresh_from_db()
    assert coming.counselor == robin
    assert Session.objects.get(meeting=coming).counselor == robin
    assert sees(robin, alex, now + 2 * HOUR)
    assert not sees(kim, alex, now + 2 * HOUR)


def test_a_group_is_handed_only_to_who_holds_sessions(group, kim, ada, now):
    with pytest.raises(InvalidInput) as refused:
        composite.hand_over_group(group_id=group.pk, facilitator=ada, by=kim, now=now)
    assert refused.value.field == "facilitator"


def test_a_group_is_not_handed_to_one_person_twice(group, kim, robin, now):
    with pytest.raises(InvalidInput) as refused:
        composite.hand_over_group(group_id=group.pk, facilitator=robin, co_facilitator=robin, by=kim, now=now)
    assert refused.value.field == "co_facilitator"


# --- who sees a group ---
def test_a_group_is_seen_by_who_leads_it_who_supervises_it_and_the_auditor(
    group, kim, dana, sam, robin, ada, audrey, now
):
    def seen(user) -> bool:
        return Group.objects.visible_to(user, at=now).filter(pk=group.pk).exists()

    assert [seen(user) for user in (kim, sam, audrey, dana, robin, ada)] == [
        True,
        True,
        True,
        False,
        False,
        False,
    ]


def test_who_covers_for_the_facilitator_sees_the_group_as_long(group, alex, kim, dana, robin, now):
    joined(group, alex, dana, now)
    arrange_absence(user=kim, starts_at=now + DAY, ends_at=now + 2 * DAY, cover=robin, by=kim, now=now)
    seen = [Group.objects.visible_to(robin, at=at).exists() for at in (now, now + DAY + HOUR, now + 3 * DAY)]
    assert seen == [False, True, False]
    assert sees(robin, alex, now + DAY + HOUR)
