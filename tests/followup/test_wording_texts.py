"""The texts that clients receive as versioned rows: who words them, what keeps a wording out, and what went before."""

import re
from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django.urls import reverse

from casework.followup import actions
from casework.followup.messages import lint, texts
from casework.followup.messages.letterhead import letterheads
from casework.followup.messages.policy import may_send_many
from casework.followup.messages.releasing import Names
from casework.followup.messages.render import fill, render
from casework.followup.models import Message, MessageText
from casework.staff import actions as staff
from clients import audit
from clients.errors import Conflict, InvalidInput, NotAllowed
from clients.models import AuditEvent, Practice
from clients.telling import Problem, unkind
from tests import factories
from tests.followup.making import SHIPPED, first_message, report

pytestmark = pytest.mark.django_db

PHRASE = "a long pass phrase of somebody"
GOOD = "Hi {first}, {counselor} at {sender}. How are you today? Reply 1 OK, 2 call me. STOP to end."


def release(by, now, body=GOOD, *, key="checkin.1", language="en", channel="sms", based_on=1):
    return actions.release_text(
        channel=channel, key=key, language=language, body=body, based_on=based_on, by=by, now=now
    )


def words(answer):
    return " ".join(re.sub(r"<[^>]+>", " ", answer.content.decode()).split())


# --- what ships ------------------------------------------------------------------------------------------------------
def test_every_shipped_text_is_the_first_version_and_is_current():
    assert texts.current().bodies == SHIPPED.bodies
    assert set(MessageText.objects.values_list("version", flat=True)) == {1}
    assert len(SHIPPED.wordings("sms")) >= 14


@pytest.mark.parametrize("key", ["support", "offer", "closing", "welcome", "today", "appt", "away"])
def test_the_texts_that_were_still_to_be_written_are_there_in_both_languages(key):
    assert set(SHIPPED.wordings("sms")[key]) == {"en", "es"}


def test_every_shipped_text_may_be_released_here_as_it_is(practice, dana, sam):
    names = Names.here()
    for text in MessageText.objects.order_by("pk"):
        assert names.problems(text.channel, text.key, text.language, text.body) == [], str(text)


# --- a release -------------------------------------------------------------------------------------------------------
def test_a_release_is_a_new_version_and_the_old_one_is_kept(ada, now):
    text = release(ada, now)
    old = MessageText.objects.get(channel="sms", key="checkin.1", language="en", version=1)
    assert (text.version, text.released_by, text.retired_at) == (2, ada, None)
    assert (old.retired_at, old.retired_by, old.body) == (now, ada, SHIPPED.sms("checkin.1", "en"))
    assert texts.current().sms("checkin.1", "en") == GOOD
    row = AuditEvent.objects.get(verb="text.released")
    assert (row.actor_id, row.detail) == (ada.pk, {"key": "sms.checkin.1.en", "version": 2})


def test_a_release_in_one_language_leaves_the_others_alone(ada, now):
    before = texts.current().sms("checkin.1", "es")
    release(ada, now)
    assert texts.current().sms("checkin.1", "es") == before


def test_the_same_words_again_are_no_release(ada, now):
    assert release(ada, now, SHIPPED.sms("checkin.1", "en")).version == 1
    assert not AuditEvent.objects.filter(verb="text.released").exists()


def test_who_was_overtaken_is_told_and_loses_nothing(ada, now):
    release(ada, now)
    with pytest.raises(Conflict, match="Version 2 was released meanwhile"):
        release(ada, now, GOOD.replace("today", "now"))
    assert texts.current().sms("checkin.1", "en") == GOOD


def test_a_text_that_does_not_exist_cannot_be_worded(ada, now):
    with pytest.raises(InvalidInput, match="no such text"):
        release(ada, now, key="checkin.99")


@pytest.mark.parametrize("who", ["dana", "sam", "audrey"])
def test_only_the_administrator_words_them(who, request, now):
    with pytest.raises(NotAllowed):
        release(request.getfixturevalue(who), now)


def test_without_the_trail_nothing_is_released(ada, now, monkeypatch):
    def broken(*args, **fields):
        raise RuntimeError("no trail")

    monkeypatch.setattr(audit, "record", broken)
    with pytest.raises(RuntimeError), transaction.atomic():
        release(ada, now)
    assert texts.current().bodies == SHIPPED.bodies


def test_two_versions_of_one_text_are_never_current_together(ada, now):
    with pytest.raises(IntegrityError), transaction.atomic():
        MessageText.objects.create(
            channel="sms", key="checkin.1", language="en", version=2, body=GOOD, released_at=now
        )


def test_a_release_that_is_taken_back_leaves_no_trace_in_what_is_read(ada, now):
    class Undone(Exception):
        pass

    def release_and_think_better_of_it():
        with transaction.atomic():
            release(ada, now)
            assert texts.current().sms("checkin.1", "en") == GOOD
            raise Undone

    with pytest.raises(Undone):
        release_and_think_better_of_it()
    assert texts.current().bodies == SHIPPED.bodies


def test_reading_them_again_asks_for_one_number_only(django_assert_num_queries):
    texts.current()
    with django_assert_num_queries(1):
        texts.current()


def test_a_native_speaker_reads_a_version_and_the_next_one_is_unread_again(ada, now):
    current = MessageText.objects.get(channel="sms", key="counts", language="es")
    assert current.reviewed_at is None
    actions.review_text(text_id=current.pk, by=ada, now=now)
    actions.review_text(text_id=current.pk, by=ada, now=now + timedelta(days=1))
    current.refresh_from_db()
    assert (current.reviewed_at, current.reviewed_by) == (now, ada)
    body = current.body.replace("Gracias", "Muchas gracias").replace(" pronto", "")
    assert release(ada, now, body, key="counts", language="es").reviewed_at is None
    with pytest.raises(Conflict, match="newer version"):
        actions.review_text(text_id=current.pk, by=ada, now=now)


# --- what a message reads --------------------------------------------------------------------------------------------
def test_a_planned_message_reads_the_version_of_the_moment_it_is_taken(alex, dana, ada, now):
    report(alex, dana, now)
    key = first_message(alex).template_key
    release(ada, now, GOOD, key=key)
    message = Message.objects.select_related("client").get(pk=first_message(alex).pk)
    may_send_many([message], now)
    assert render(message).body.startswith("Hi Alex, Dana at Oak Street. How are you today?")


def test_two_batches_around_a_release_read_what_was_current_each_time(alex, ada, now):
    before = letterheads([alex], at=now)[alex.pk]
    release(ada, now)
    after = letterheads([alex], at=now)[alex.pk]
    assert "Thinking of you" in fill("checkin.1", before).body
    assert "How are you today?" in fill("checkin.1", after).body


# --- what keeps a wording out ----------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("", "There are no words in it."),
        ("Hi {first}, {last_name} at {sender}. STOP", "There is no {last_name} in this text."),
        ("Hi {first}, on {day}. {sender}. STOP", "There is no {day} in this text."),
        ("Hi {first!r}, {sender}. STOP", "There is no {first!r} in this text."),
        ("Hi {first:>200}, {sender}. STOP", "There is no {first:>200} in this text."),
        ("Hi {first.__class__}, {sender}. STOP", "There is no {first.__class__} in this text."),
        ("Hi {}, {sender}. STOP", "There is no {} in this text."),
        ("Hi {first, {sender}. STOP", "A brace has no fellow."),
        ("{first}: {sender} here. STOP", "The name stands once"),
        ("Hi {first}, dear {first}, {sender}. STOP", "The name stands once"),
        ("Hi {first}, stay sober. {sender}. STOP", "“sober”"),
        ("Hi {first}, our clinic. {sender}. STOP", "“clinic”"),
        ("Hi {first}, no Klonopin? {sender}. STOP", "“klonopin” is the name of a substance."),
        ("Hi {first}, call 988. {sender}. STOP", "“988” stands only in the answers"),
        ("Hi {first}, take 2 mg. {sender}. STOP", "“2 mg” reads like a dose."),
        ("Hi {first}, see F13.20. {sender}. STOP", "“F13.20” reads like the code"),
        ("Hi {first}, see example.org. {sender}. STOP", "“example.org” would be a link"),
        ("Hi {first}, you failed us. {sender}. STOP", "“failed” blames or presses."),
        ("Hi {first}, how are you? {sender}.", "It does not say STOP."),
        ("Hi {first}, how are you? STOP to end.", "It does not say {sender}"),
        ("Hi {first}, ¿está bien? {sender}. STOP", "has no room for á"),
        ("Hi {first}, {sender}. STOP " + "a" * 140, "more than one text"),
    ],
)
def test_a_wording_is_refused_with_the_word_or_variable_named(ada, now, body, said):
    with pytest.raises(InvalidInput, match=re.escape(said)) as declined:
        release(ada, now, body)
    assert declined.value.field == "body"
    assert texts.current().bodies == SHIPPED.bodies


def test_helplines_stand_in_help_and_a_visit_has_its_day(ada, now):
    release(ada, now, "{sender}: call {phone}. In danger 911, in a crisis 988. STOP to end.", key="help")
    release(ada, now, "Hi {first}, {sender}: {day} at {time}. C or R. STOP to end.", key="appt")


def test_the_answer_to_a_crisis_is_not_released_without_whom_to_call(ada, now):
    with pytest.raises(InvalidInput, match=re.escape("It does not say {emergency}")):
        release(ada, now, "We will call you soon. Call {crisis_line} at any hour.", key="crisis")


def test_the_longest_real_names_decide(ada, dana, team, now):
    start = "Hi {first}, {counselor} at {sender}. STOP "
    longest = {
        "first": "M" * 12,
        "counselor": "your team",
        "sender": "Oak Street",
    }  # longer than any name here
    body = start + "a" * (160 - len(start.format_map(longest)))
    release(ada, now, body)
    factories.counselor("Wilhelmina Stone", team=team)
    with pytest.raises(InvalidInput, match="161 GSM-7"):
        release(ada, now, body.replace("aaa", "aba", 1), based_on=2)


def test_a_colleagues_letters_do_not_forbid_every_text(ada, dana, team, now):
    factories.counselor("Raúl Ibarra", team=team)
    assert release(ada, now).version == 2


def test_an_emails_foot_says_whom_to_call(ada, now):
    with pytest.raises(InvalidInput, match=re.escape("{phone}")):
        release(ada, now, "Nobody reads replies.", channel="email", key="foot")


def test_blame_is_found_in_both_languages_and_kindness_is_not():
    assert unkind("You failed") == [Problem("unkind", "failed")]
    assert unkind("Es su culpa") == [Problem("unkind", "culpa")]
    assert [unkind(body) for body in SHIPPED.bodies.values()] == [[]] * len(SHIPPED.bodies)


@pytest.mark.parametrize("rule", sorted(lint.SAID))
def test_every_rule_speaks(rule):
    assert "thing" in lint.said(Problem(rule, "thing")) or "%(found)s" not in str(lint.SAID[rule])


# --- names are refused where they are entered ------------------------------------------------------------------------
FACTS = {
    "name": "Oak Street Practice",
    "sender_alias": "Oak Street",
    "phone": "555-010-0199",
    "time_zone": "America/New_York",
}


@pytest.mark.parametrize(
    ("alias", "said"),
    [("Oak Recovery", "“recovery”"), ("Cl1nic", "“clinic”"), ("Klonopin Club", "klonopin"), ("Óak", "Ó")],
)
def test_a_telling_or_costly_alias_is_refused(practice, now, alias, said):
    with pytest.raises(InvalidInput, match=said) as declined:
        staff.set_up_practice(facts={**FACTS, "sender_alias": alias}, teams=[], by=None, now=now)
    assert declined.value.field == "sender_alias"
    assert Practice.current().sender_alias == "Oak Street"


def test_a_telling_first_name_of_a_colleague_is_refused(team, now):
    with pytest.raises(InvalidInput, match="“sober”") as declined:
        staff.add_person(
            email="s@example.org",
            password="a long pass phrase of Sober",
            facts={"full_name": "Sober Smith", "role": "counselor"},
            team=team.name,
            by=None,
            now=now,
        )
    assert declined.value.field == "full_name"


# --- the pages -------------------------------------------------------------------------------------------------------
@pytest.fixture
def as_ada(ada, browser):
    browser.force_login(ada)
    return browser


def at(name, *, key="checkin.1", language="en", channel="sms"):
    return reverse(f"followup:{name}", kwargs={"channel": channel, "language": language, "key": key})


def test_the_list_shows_every_text_with_its_length_and_who_has_not_read_it(as_ada):
    page = words(as_ada.get(reverse("followup:texts")))
    assert page.count("version 1") == MessageText.objects.count()
    assert "Check-in that asks for an answer checkin.1" in page
    assert "149 of 160" in page
    assert "not read by a native speaker" in page


def test_the_list_says_which_texts_no_longer_fit_the_names_of_today(as_ada, team):
    factories.counselor("Wilhelmina-Alexandrina Stone", team=team)
    assert "which is more than one text" in words(as_ada.get(reverse("followup:texts")))


def test_a_text_is_seen_as_it_arrives_and_released(as_ada, dana):
    page = words(as_ada.get(at("text_edit")))
    assert "Hi Sam, it&#x27;s Dana from Oak Street." in page
    assert "Hi Maximilianna, it" in page
    seen = words(as_ada.post(at("text_preview"), {"body": "Hi {first}, sober? {sender} STOP"}))
    assert "“sober”" in seen
    assert "Hi Maximilianna, sober?" in seen
    answer = as_ada.post(at("text_edit"), {"body": GOOD, "based_on": 1}, follow=True)
    assert "Version 2 goes out from now on." in words(answer)
    assert "Thinking of you" in words(as_ada.get(at("text_edit")))  # among the earlier versions


def test_what_is_refused_stays_in_the_box(as_ada):
    answer = as_ada.post(at("text_edit"), {"body": "Hi {first}, sober?", "based_on": 1})
    assert answer.status_code == 422
    assert ">Hi {first}, sober?</textarea>" in answer.content.decode()
    assert texts.current().bodies == SHIPPED.bodies


def test_two_who_word_the_same_text_see_each_others_words(as_ada, ada, now):
    release(ada, now)
    mine = GOOD.replace("today", "this week")
    first = as_ada.post(at("text_edit"), {"body": mine, "based_on": 1})
    assert "was released meanwhile" in words(first)
    assert GOOD in first.content.decode()
    based_on = first.context["form"]["based_on"].value()
    as_ada.post(at("text_edit"), {"body": mine, "based_on": based_on})
    assert texts.current().sms("checkin.1", "en") == mine


def test_the_review_is_one_button(as_ada, ada):
    as_ada.post(at("text_review", language="es"))
    text = MessageText.objects.get(channel="sms", key="checkin.1", language="es")
    assert text.reviewed_by == ada
    assert "Ada Park" in words(as_ada.get(at("text_edit", language="es")))


@pytest.mark.parametrize("name", ["text_edit", "text_preview", "text_review"])
def test_a_text_that_does_not_exist_is_not_found(as_ada, name):
    assert as_ada.post(at(name, key="nothing"), {"body": "x", "based_on": 1}).status_code == 404


def test_no_words_of_a_text_reach_the_trail(ada, now):
    release(ada, now)
    with connection.cursor() as cursor:
        cursor.execute("SELECT string_agg(t::text, ' ') FROM clients_auditevent t")
        assert "How are you today" not in cursor.fetchone()[0]
