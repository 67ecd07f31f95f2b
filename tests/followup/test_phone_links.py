"""A link to the client's phone: asked for by PLAN, or sent by the staff (clinical.md §5.2; docs/adr/0016)."""

import re
from datetime import timedelta

import pytest

from casework.followup import phone_links
from casework.followup.actions.links import send_plan
from casework.followup.actions.measures import send_measures
from casework.followup.inbox import lexicon
from casework.followup.inbox.words import Meaning, read
from casework.followup.messages.policy import Decision, may_send
from casework.followup.messages.render import render
from casework.followup.models import Message
from casework.relapse.prevention import actions as prevention
from casework.relapse.prevention.content import Content, Person
from clients.errors import Conflict, InvalidInput, NotAllowed
from clients.jurisdiction import jurisdiction
from clients.models import AuditEvent, Client, ClientLink, Permission, Practice
from clients.segments import is_one
from clients.telling import problems
from tests import factories
from tests.followup.making import texts
from tests.followup.reminding import at

pytestmark = pytest.mark.django_db
MINUTE = timedelta(minutes=1)
NIGHT = at(11, 22)
WORDS = Content(emotional=("I skip breakfast",), helps=("Call Rosa",), people=(Person("Rosa"),))


@pytest.fixture
def plan(alex, dana, now):
    """The plan that Alex and Dana have signed."""
    acts = {"by": dana, "now": now}
    draft = prevention.begin_draft(client_id=alex.pk, **acts)
    draft = prevention.save_draft(plan_id=draft.pk, revision=draft.revision, content=WORDS, **acts)
    prevention.sign_as_counselor(plan_id=draft.pk, revision=draft.revision, **acts)
    return prevention.sign_for_client(
        plan_id=draft.pk, revision=draft.revision, way="typed", name="Alex Moreno", **acts
    )


@pytest.fixture(autouse=True)
def _address(settings):
    settings.PUBLIC_URL = "https://app.oakstreet.org"


def address_in(message) -> str:
    return re.search(r"https://\S+", message.body)[0]


def titles(client) -> list[str]:
    return list(client.todos.open().values_list("title", flat=True))


@pytest.mark.parametrize("body", ["PLAN", "plan.", "  Plan ", "MI PLAN", "my plan"])
def test_plan_is_understood_in_both_languages(practice, body):
    assert (
        read(body, jurisdiction(Practice.current().jurisdiction), lexicon.current()).meaning is Meaning.PLAN
    )


@pytest.mark.parametrize("body", ["what is the plan", "planes", "no plan"])
def test_a_sentence_about_plans_is_for_a_person(practice, body):
    assert (
        read(body, jurisdiction(Practice.current().jurisdiction), lexicon.current()).meaning is Meaning.OTHER
    )


def test_plan_is_answered_with_a_link_at_once_even_at_night(alex, plan):
    inbound = texts(alex, "PLAN", NIGHT)
    reply = Message.objects.get()
    assert (reply.kind, reply.due_at, reply.in_reply_to, inbound.kind) == (
        "plan_reply",
        NIGHT,
        inbound,
        "plan",
    )
    assert address_in(reply).startswith("https://app.oakstreet.org/l/")
    assert ClientLink.objects.get().purpose == "plan"
    assert titles(alex) == []
    assert may_send(reply, NIGHT).decision is Decision.SEND
    assert render(reply).body == reply.body


@pytest.mark.parametrize("language", ["en", "es"])
def test_the_answer_is_one_text_and_tells_a_stranger_nothing(alex, plan, now, language):
    Client.objects.filter(pk=alex.pk).update(language=language)
    texts(alex, "PLAN", now)
    body = Message.objects.get().body
    assert is_one(body)
    assert [one for one in problems(body) if one.rule != "link"] == []


def test_without_a_signed_plan_the_answer_says_so_and_somebody_writes_one(alex, dana, now):
    prevention.begin_draft(client_id=alex.pk, by=dana, now=now)
    texts(alex, "PLAN", now)
    reply = Message.objects.get()
    assert (reply.kind, reply.template_key, reply.body) == ("plan_reply", "noplan", "")
    assert titles(alex) == ["Alex asked for a plan and has none: write it together"]
    assert not ClientLink.objects.exists()
    texts(alex, "PLAN", now + 6 * MINUTE)
    assert len(titles(alex)) == 1


def test_asked_twice_in_a_row_it_is_answered_once(alex, plan, now):
    texts(alex, "PLAN", now)
    texts(alex, "plan", now + MINUTE)
    assert Message.objects.count() == 1
    texts(alex, "plan", now + 6 * MINUTE)
    assert ClientLink.objects.open_at(now + 7 * MINUTE).count() == 1  # the newer takes the older one's place


def test_on_a_phone_that_several_use_a_person_looks(alex, plan, dana, team, now):
    kim = factories.client_of(dana, team=team, given_name="Kim")
    kim.contact_points.update(normalized=alex.contact_points.get().normalized)
    texts(alex, "PLAN", now)
    assert not ClientLink.objects.exists()


@pytest.mark.parametrize(
    "change",
    [
        lambda alex: alex.contact_points.update(state="bad"),
        lambda alex: alex.contact_points.update(is_shared=True),
        lambda alex: Permission.objects.update(withdrawn_at=at(10, 9), withdrawn_how="staff"),
        lambda alex: Client.objects.filter(pk=alex.pk).update(state="discharged"),
    ],
)
def test_where_nothing_may_go_a_person_looks(alex, plan, now, change):
    change(alex)
    texts(alex, "PLAN", now)
    assert not ClientLink.objects.exists()
    assert not Message.objects.filter(kind="plan_reply").exists()
    assert titles(alex) == ["Alex wrote: read and answer"]


def test_an_address_that_tells_too_much_is_never_sent(alex, plan, now, settings):
    settings.PUBLIC_URL = "https://recovery-clinic.org"
    texts(alex, "PLAN", now)
    assert titles(alex) == ["Alex wrote: read and answer"]
    assert not ClientLink.objects.exists()


def test_a_stop_overtakes_the_answer(alex, plan, now):
    texts(alex, "PLAN", now)
    texts(alex, "STOP", now + MINUTE)
    assert Message.objects.get(kind="plan_reply").status == "cancelled"


# --- by the staff ---
def test_dana_texts_the_plan(alex, dana, plan, now):
    message = send_plan(client_id=alex.pk, by=dana, now=at(11, 11))
    assert (message.kind, message.written_by, message.due_at) == ("manual", dana, at(11, 11))
    assert address_in(message)
    assert AuditEvent.objects.filter(verb="link.texted").exists()
    assert may_send(message, at(11, 11)).decision is Decision.SEND


def test_at_night_it_waits_for_the_morning(alex, dana, plan):
    message = send_plan(client_id=alex.pk, by=dana, now=NIGHT)
    assert message.due_at == at(12, 9)
    assert message.useful_until == at(12, 20)


def test_without_a_signed_plan_nothing_is_texted(alex, dana, now):
    with pytest.raises(InvalidInput, match="no signed plan"):
        send_plan(client_id=alex.pk, by=dana, now=now)
    assert not Message.objects.exists()


def test_without_permission_no_link_is_made(alex, dana, plan, now):
    Permission.objects.all().delete()
    with pytest.raises(InvalidInput):
        send_plan(client_id=alex.pk, by=dana, now=now)
    assert not ClientLink.objects.exists()


def test_an_auditor_texts_nothing(alex, audrey, plan, now):
    with pytest.raises(NotAllowed):
        send_plan(client_id=alex.pk, by=audrey, now=now)


def test_to_whoever_left_nothing_is_texted(alex, dana, plan, now):
    Client.objects.filter(pk=alex.pk).update(state="discharged")
    with pytest.raises((Conflict, InvalidInput)):
        send_plan(client_id=alex.pk, by=dana, now=now)
    assert not Message.objects.exists()


@pytest.mark.parametrize("language", ["en", "es"])
def test_a_short_form_is_texted_with_no_word_of_what_it_asks(alex, dana, now, language):
    Client.objects.filter(pk=alex.pk).update(language=language)
    asked = send_measures(client_id=alex.pk, measures=["phq9", "gad7"], by=dana, now=at(11, 11))
    message = Message.objects.get()
    assert address_in(message) == asked.address
    assert is_one(message.body)
    assert [one for one in problems(message.body) if one.rule != "link"] == []
    assert "PHQ" not in message.body


def test_no_form_where_nothing_may_be_texted(alex, dana, now):
    Permission.objects.all().delete()
    with pytest.raises(InvalidInput):
        send_measures(client_id=alex.pk, measures=["phq9"], by=dana, now=now)
    assert not ClientLink.objects.exists()


def test_an_address_too_long_for_a_text_is_refused_with_words(alex, now, settings):
    settings.PUBLIC_URL = "https://a-very-long-name-of-a-server.somewhere.oakstreet-practice-of-phoenix.org"
    with pytest.raises(InvalidInput, match="does not fit"):
        phone_links.words(alex, "form", settings.PUBLIC_URL + "/l/" + "A" * 22 + "/", now=now)
