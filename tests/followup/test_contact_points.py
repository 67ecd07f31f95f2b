"""A number or an address changes: at once, for what a sender already holds too."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from casework.followup import actions
from casework.followup.messages import policy
from casework.followup.models import Message
from clients.actions import add_contact_point, grant_permission
from clients.errors import NotAllowed
from clients.models import AuditEvent
from tests import factories
from tests.followup.making import first_message, report, texts

pytestmark = pytest.mark.django_db

ACTS = {
    "bad": lambda point, by, now: actions.mark_contact(contact_id=point.pk, state="bad", by=by, now=now),
    "verified": lambda point, by, now: actions.mark_contact(
        contact_id=point.pk, state="verified", by=by, now=now
    ),
    "reviewed": lambda point, by, now: actions.review_shared(contact_id=point.pk, by=by, now=now),
    "retired": lambda point, by, now: actions.retire_contact_point(contact_id=point.pk, by=by, now=now),
}


def held_by_a_sender(client, now):
    message = first_message(client)
    Message.objects.filter(pk=message.pk).update(
        status="claimed", lease_until=now + timedelta(minutes=1), attempt_id=message.uid, lease_owner="w"
    )
    return message


@pytest.fixture
def claimed(alex, dana, now):
    report(alex, dana, now)
    return held_by_a_sender(alex, now)


@pytest.mark.parametrize("act", ACTS)
def test_whatever_is_said_of_a_number_what_a_sender_holds_is_cleared_again(alex, dana, claimed, now, act):
    ACTS[act](alex.contact_points.get(), dana, now)
    claimed.refresh_from_db()
    told = (
        Message.Recall.CANCEL if act == "retired" else Message.Recall.RECHECK
    )  # the permission went with it
    assert (claimed.status, claimed.recalled) == ("claimed", told)


def test_what_others_are_sent_is_left_alone(alex, dana, team, now, claimed):
    maria = factories.client_of(dana, team=team, given_name="Maria")
    actions.retire_contact_point(contact_id=maria.contact_points.get().pk, by=dana, now=now)
    claimed.refresh_from_db()
    assert claimed.recalled == Message.Recall.NO


@pytest.mark.parametrize("act", ACTS)
def test_only_those_who_care_for_clients_change_a_number(alex, audrey, claimed, now, act):
    with pytest.raises(NotAllowed):
        ACTS[act](alex.contact_points.get(), audrey, now)
    claimed.refresh_from_db()
    assert claimed.recalled == Message.Recall.NO


@pytest.mark.parametrize("act", ACTS)
def test_when_nothing_can_be_recalled_nothing_is_changed(alex, dana, claimed, now, monkeypatch, act):
    def fail(self):
        raise RuntimeError("no recall")

    before = alex.contact_points.values().get()
    monkeypatch.setattr(type(Message.objects.all()), "recall", fail)
    with pytest.raises(RuntimeError):
        ACTS[act](alex.contact_points.get(), dana, now)
    assert alex.contact_points.values().get() == before
    assert not AuditEvent.objects.filter(verb__startswith="contact.").exists()


@pytest.mark.parametrize(("act", "reason"), [("bad", "number_bad"), ("retired", "opted_out")])
def test_a_step_without_a_way_is_cancelled_in_its_time_and_a_new_number_needs_a_new_permission(
    alex, dana, now, act, reason
):
    report(alex, dana, now)
    message = first_message(alex)
    ACTS[act](alex.contact_points.get(), dana, now)
    assert policy.may_send(message, message.due_at).reason == reason
    add_contact_point(client_id=alex.pk, kind="mobile", value="602-555-0142", by=dana, now=now)
    assert policy.may_send(message, message.due_at).reason == "opted_out"
    grant_permission(client_id=alex.pk, channel="text", by=dana, now=now)
    assert policy.may_send(message, message.due_at).address == "+16025550142"


def test_a_wrong_number_told_by_text_recalls_too(alex, dana, now):
    report(alex, dana, now)
    alex.permissions.all().delete()  # no permission whose withdrawal would recall
    message = held_by_a_sender(alex, now)
    texts(alex, "wrong number", now)
    assert alex.contact_points.get().state == "bad"
    message.refresh_from_db()
    assert message.recalled == Message.Recall.RECHECK


# --- the buttons -----------------------------------------------------------------------------------------------------
def at(name, point, **more):
    return reverse(f"followup:{name}", kwargs={"uid": point.uid, **more})


def home_of(client):
    return reverse("desk:client", kwargs={"uid": client.uid}) + "#contacts"


@pytest.mark.parametrize(
    ("act", "column"), [("contact_retire", "retired_at"), ("contact_shared_reviewed", "shared_reviewed_at")]
)
def test_a_button_acts_and_leads_back(as_dana, alex, dana, act, column):
    report(alex, dana, timezone.now())
    message = held_by_a_sender(alex, timezone.now())
    point = alex.contact_points.get()
    assert as_dana.post(at(act, point)).url == home_of(alex)
    point.refresh_from_db()
    message.refresh_from_db()
    assert getattr(point, column) is not None
    assert message.recalled != Message.Recall.NO


@pytest.mark.parametrize("state", ["bad", "verified"])
def test_a_number_is_called_bad_or_verified(as_dana, alex, state):
    point = alex.contact_points.get()
    assert as_dana.post(at("contact_state", point, state=state)).url == home_of(alex)
    point.refresh_from_db()
    assert point.state == state


@pytest.mark.parametrize("name", ["contact_retire", "contact_shared_reviewed"])
def test_a_link_alone_changes_nothing(as_dana, alex, name):
    assert as_dana.get(at(name, alex.contact_points.get())).status_code == 405


def test_a_stranger_finds_no_number_and_leaves_a_row(browser, robin, alex):
    browser.force_login(robin)
    point = alex.contact_points.get()
    assert browser.post(at("contact_state", point, state="bad")).status_code == 404
    point.refresh_from_db()
    assert point.state == "verified"
    assert AuditEvent.objects.get(verb="access.refused").actor_id == robin.pk


def test_a_number_without_a_permission_is_taken_off_and_nothing_is_asked(alex, dana, now):
    alex.permissions.all().delete()
    actions.retire_contact_point(contact_id=alex.contact_points.get().pk, by=dana, now=now)
    assert not alex.todos.exists()
