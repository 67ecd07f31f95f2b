"""Messages from numbers on nobody's record: looked through, put with a client or aside, gone after 30 days."""

from datetime import timedelta

import pytest
import time_machine

from casework.followup import actions, unknown
from casework.followup.models import InboundMessage, Message, StaffAlert
from casework.followup.plan_templates import ToDoKind
from clients import audit
from clients.errors import Conflict, InvalidInput, NotAllowed
from clients.models import AuditEvent
from tests import factories
from tests.followup.making import open_todos, texts

pytestmark = pytest.mark.django_db

DAY = timedelta(days=1)
STRANGER = "+15550009999"


@pytest.fixture
def wrote(practice, now):
    def write(body="Who is this?", at=now):
        return texts(None, body, at, address=STRANGER)

    return write


def test_a_message_put_with_a_client_asks_for_an_answer_and_sends_nothing(alex, sam, wrote, now):
    inbound = actions.link_unknown(inbound_id=wrote().pk, client=alex, by=sam, now=now)
    assert inbound.client == alex
    assert open_todos(alex) == [ToDoKind.ANSWER]
    assert not Message.objects.exists()
    assert alex.contact_points.filter(normalized=STRANGER).count() == 0
    trail = AuditEvent.objects.get(verb="unknown.linked")
    assert (trail.client_id, trail.actor_id) == (alex.pk, sam.pk)


def test_a_crisis_put_with_a_client_is_an_alarm_without_the_text(alex, sam, wrote, now):
    actions.link_unknown(inbound_id=wrote("I want to die").pk, client=alex, by=sam, now=now)
    assert open_todos(alex) == [ToDoKind.CRISIS]
    assert not Message.objects.exists()


def test_a_stop_put_with_a_client_counts(alex, sam, wrote, now):
    actions.link_unknown(inbound_id=wrote("STOP").pk, client=alex, by=sam, now=now)
    assert alex.permissions.get().withdrawn_at == now
    assert not Message.objects.filter(kind="stop_reply").exists()


def test_putting_it_aside_asks_why(sam, wrote, now):
    inbound = wrote()
    with pytest.raises(InvalidInput) as declined:
        actions.dismiss_unknown(inbound_id=inbound.pk, reason=" ", by=sam, now=now)
    assert declined.value.field == "reason"
    done = actions.dismiss_unknown(inbound_id=inbound.pk, reason=" A delivery service ", by=sam, now=now)
    assert (done.handled_by, done.read_by, done.dismissed_reason) == (sam, sam, "A delivery service")


def test_reading_it_calls_off_the_alerts_and_keeps_who_read_it_first(sam, wrote, now):
    inbound = wrote("I want to die")
    StaffAlert.objects.create(inbound=inbound, to=sam, round=0, due_at=now, try_at=now)
    actions.read_unknown(inbound_id=inbound.pk, by=sam, now=now)
    again = actions.read_unknown(inbound_id=inbound.pk, by=sam, now=now + DAY)
    assert (again.read_at, StaffAlert.objects.get().dropped_at) == (now, now)


def test_what_somebody_has_seen_to_is_not_seen_to_twice(alex, sam, wrote, now):
    linked, aside = wrote(), wrote("Hello")
    actions.link_unknown(inbound_id=linked.pk, client=alex, by=sam, now=now)
    actions.dismiss_unknown(inbound_id=aside.pk, reason="Spam", by=sam, now=now)
    for pk in (linked.pk, aside.pk):
        with pytest.raises(Conflict):
            actions.link_unknown(inbound_id=pk, client=alex, by=sam, now=now)
        with pytest.raises(Conflict):
            actions.dismiss_unknown(inbound_id=pk, reason="Spam", by=sam, now=now)
        with pytest.raises(Conflict):
            actions.read_unknown(inbound_id=pk, by=sam, now=now)


def test_counselors_look_through_none(alex, dana, wrote, now):
    inbound = wrote()
    for act in (
        lambda: actions.link_unknown(inbound_id=inbound.pk, client=alex, by=dana, now=now),
        lambda: actions.dismiss_unknown(inbound_id=inbound.pk, reason="Spam", by=dana, now=now),
        lambda: actions.read_unknown(inbound_id=inbound.pk, by=dana, now=now),
    ):
        with pytest.raises(NotAllowed):
            act()


def test_after_thirty_days_it_is_gone_and_the_trail_says_so(alex, sam, wrote, now):
    old, young, aside = wrote(at=now - 30 * DAY), wrote(at=now - 29 * DAY), wrote("Spam", at=now - 31 * DAY)
    linked = wrote("Hello", at=now - 40 * DAY)
    StaffAlert.objects.create(inbound=old, to=sam, round=0, due_at=now, try_at=now)
    actions.dismiss_unknown(inbound_id=aside.pk, reason="Spam", by=sam, now=now - 30 * DAY)
    actions.link_unknown(inbound_id=linked.pk, client=alex, by=sam, now=now - 30 * DAY)
    gone = sorted([old.pk, aside.pk])
    assert unknown.purge(now) == 2
    assert set(InboundMessage.objects.values_list("pk", flat=True)) == {young.pk, linked.pk}
    assert AuditEvent.objects.get(verb="unknown.purged").detail == {"ids": gone}
    assert unknown.purge(now) == 0


def test_without_the_trail_nothing_is_linked_put_aside_or_purged(alex, sam, wrote, now, monkeypatch):
    inbound = wrote(at=now - 31 * DAY)

    def broken(*args, **fields):
        raise RuntimeError("no trail")

    monkeypatch.setattr(audit, "record", broken)
    for act in (
        lambda: actions.link_unknown(inbound_id=inbound.pk, client=alex, by=sam, now=now),
        lambda: actions.dismiss_unknown(inbound_id=inbound.pk, reason="Spam", by=sam, now=now),
        lambda: unknown.purge(now),
    ):
        with pytest.raises(RuntimeError):
            act()
    inbound.refresh_from_db()
    assert (inbound.client, inbound.handled_at) == (None, None)


# --- the pages -------------------------------------------------------------------------------------------------------
@pytest.fixture(autouse=True)
def _frozen(now):
    with time_machine.travel(now, tick=False):
        yield


@pytest.fixture
def as_sam(sam, browser):
    browser.force_login(sam)
    return browser


def test_the_page_shows_number_words_and_time_and_is_noted(as_sam, sam, wrote):
    inbound = wrote("I want to die")
    html = as_sam.get("/inbox/unknown/").content.decode()
    assert STRANGER in html
    assert "I want to die" in html
    row = AuditEvent.objects.filter(verb="list.viewed", actor_id=sam.pk).latest("pk")
    assert row.detail["ids"] == [inbound.pk]


def test_only_clients_whom_the_supervisor_may_see_are_found_or_chosen(as_sam, alex, robin, wrote):
    theirs = factories.client_of(robin, team=robin.team_memberships.get().team, given_name="Alexa")
    inbound = wrote()
    address = f"/inbox/unknown/{inbound.uid}/link/"
    html = as_sam.get(address, {"words": "Alex"}).content.decode()
    assert alex.record_number in html
    assert theirs.record_number not in html
    assert as_sam.post(address, {"client": str(theirs.uid)}).status_code == 404
    assert as_sam.post(address, {"client": str(alex.uid)})["Location"] == f"/inbox/{alex.uid}/"


def test_putting_aside_and_reading_by_the_page(as_sam, sam, wrote):
    inbound = wrote()
    as_sam.post(f"/inbox/unknown/{inbound.uid}/read/")
    empty = as_sam.post(f"/inbox/unknown/{inbound.uid}/dismiss/", {"reason": ""})
    assert "This field is required" in empty.content.decode()
    as_sam.post(f"/inbox/unknown/{inbound.uid}/dismiss/", {"reason": "Spam"})
    inbound.refresh_from_db()
    assert (inbound.read_by, inbound.handled_by) == (sam, sam)
    assert as_sam.get(f"/inbox/unknown/{inbound.uid}/link/").status_code == 404
