"""The words that leave, and what keeps others in (clinical.md §5.2 M-1, M-3, M-10)."""

import ast
import dataclasses
import inspect

import pytest

from casework.followup.messages import render as rendering
from casework.followup.messages.letterhead import Letterhead, letterheads
from casework.followup.messages.policy import may_send_many
from casework.followup.messages.reasons import PLAIN, words
from casework.followup.messages.render import ONE_TEXT, RenderRefused, fill, render
from casework.followup.messages.texts import LANGUAGES, Texts
from casework.followup.models import Message
from casework.staff.actions import ROOM_FOR_US
from clients.models import Client, Practice
from clients.segments import measure
from tests.followup.making import SHIPPED, first_message, report

LETTER = Letterhead(
    first="Sam",
    counselor="Dana",
    sender="Oak Street",
    phone="555-010-0199",
    emergency="911",
    crisis_line="988",
    helpline="988",
    language="en",
    texts=SHIPPED,
    denied=("Klonopin",),
)


def letter(**fields):
    return dataclasses.replace(LETTER, **fields)


def test_a_text_names_the_people_and_nothing_else():
    assert fill("checkin.1", LETTER).body == (
        "Hi Sam, it's Dana from Oak Street. Thinking of you. How is this week going? Reply 1 OK, 2 please call me. "
        "STOP to end."
    )


def test_spanish_speakers_read_spanish():
    assert fill("checkin.1", letter(language="es")).body.startswith("Hola Sam, soy Dana de Oak Street.")


def test_an_email_has_a_neutral_subject_and_asks_for_no_keys():
    mail = fill("checkin.1", LETTER, channel="email")
    assert mail.subject == "Hello from Oak Street"
    assert "Reply 1" not in mail.body
    assert mail.body.endswith(
        "Nobody reads replies to this e-mail. To talk, or to stop these e-mails, call 555-010-0199."
    )


@pytest.mark.parametrize("first", ["Klonopin", "Sober", "A" * 60])
def test_a_first_name_that_tells_too_much_or_is_too_long_is_left_out(first):
    assert fill("checkin.1", letter(first=first)).body.startswith("Hi, it's Dana from Oak Street.")


@pytest.mark.parametrize("first", ["Ángel", "Lucía", "Zoë", "Łukasz", "李"])
def test_a_name_that_a_text_has_no_letters_for_is_left_out_and_never_misspelt(first):
    body = fill("checkin.1", letter(first=first)).body
    assert body.startswith("Hi, it's Dana from Oak Street.")
    assert measure(body).segments == 1


@pytest.mark.parametrize("first", ["José", "Núñez", "Ángel"])
def test_a_name_is_kept_wherever_it_costs_no_second_text(first):
    short = Texts({("sms", "en", "checkin.1"): "Hi {first}, call {phone}. STOP to end."})
    assert (
        fill("checkin.1", letter(first=first, texts=short)).body
        == f"Hi {first}, call 555-010-0199. STOP to end."
    )


def test_a_name_within_gsm_is_kept():
    assert fill("checkin.1", letter(first="José")).body.startswith("Hi José,")


def test_a_counselors_own_name_may_cost_a_second_text_and_keeps_its_letters():
    body = fill("checkin.1", letter(counselor="Raúl")).body
    assert "Raúl" in body
    assert (measure(body).segments, len(body) <= ONE_TEXT) == (2, True)


def test_a_name_too_long_beside_such_a_counselor_is_left_out_first():
    body = fill("checkin.1", letter(first="A" * 60, counselor="Raúl")).body
    assert body.startswith("Hi, it's Raúl")


@pytest.mark.parametrize(
    ("fields", "variable"),
    [
        ({"sender": "Oak Street Recovery"}, "sender"),
        ({"sender": "Cl1nic"}, "sender"),
        ({"counselor": "Klonopin"}, "counselor"),
    ],
)
def test_a_telling_name_of_ours_is_refused(fields, variable):
    with pytest.raises(RenderRefused) as refused:
        fill("checkin.1", letter(**fields))
    assert (refused.value.code, refused.value.params) == ("telling_word", {"variable": variable})


def test_a_text_that_cannot_fit_is_refused():
    with pytest.raises(RenderRefused) as refused:
        fill("checkin.1", letter(counselor="B" * 80))
    assert refused.value.code == "too_long"


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("key", SHIPPED.wordings("sms"))
def test_every_shipped_text_leaves_also_from_a_practice_with_the_longest_names(key, language):
    phone = "1-555-010-0199"
    long = letter(
        first="Maximilianna",
        counselor="Christopher",
        sender="O" * (ROOM_FOR_US - len(phone)),
        phone=phone,
        helpline="1-800-555-0199",
        language=language,
    )
    visit = {
        "day": "Wed 30 Sep",
        "time": "12:30 pm",
        "link": "https://app.oakstreet.org/l/AbCdEfGhIjKlMnOpQrStUv",
    }
    body = fill(key, long, extra=visit).body
    assert (measure(body).encoding, measure(body).segments) == ("GSM-7", 1)


def test_a_text_that_does_not_exist_is_refused():
    with pytest.raises(RenderRefused) as refused:
        fill("checkin.99", LETTER)
    assert refused.value.code == "no_text"


def test_the_letterhead_has_no_place_for_anything_clinical():
    names = {field.name for field in dataclasses.fields(Letterhead)}
    assert names == {
        "first",
        "counselor",
        "sender",
        "phone",
        "emergency",
        "crisis_line",
        "helpline",
        "language",
        "texts",
        "denied",
    }
    assert set(LETTER.values()) == names - {"language", "texts", "denied"}


@pytest.mark.django_db
def test_a_letterhead_knows_the_counselor_of_today_and_the_catalogue(alex, dana, now):
    found = letterheads([alex], at=now)[alex.pk]
    assert (found.first, found.counselor, found.sender, found.phone) == (
        "Alex",
        "Dana",
        "Oak Street",
        "555-010-0199",
    )
    assert {"Klonopin", "Xanax", "Heroin"} <= set(found.denied)


@pytest.mark.django_db
def test_a_client_without_a_counselor_hears_from_the_team(alex, now):
    alex.care_team.all().delete()
    assert letterheads([alex], at=now)[alex.pk].counselor == "your team"
    Client.objects.filter(pk=alex.pk).update(language="es")
    assert letterheads([Client.objects.get(pk=alex.pk)], at=now)[alex.pk].counselor == "su equipo"


@pytest.mark.django_db
def test_after_the_policy_rendering_asks_the_database_nothing(alex, dana, now, django_assert_num_queries):
    report(alex, dana, now)
    message = Message.objects.select_related("client").get(pk=first_message(alex).pk)
    may_send_many([message], now)
    with django_assert_num_queries(0):
        assert render(message).body.startswith("Hi Alex, Dana at Oak Street. Glad you told us.")


@pytest.mark.django_db
def test_every_text_of_every_plan_renders_for_the_practices_real_names(alex, dana, now):
    Practice.objects.update(sender_alias="Oak Street")
    found = letterheads([alex], at=now)[alex.pk]
    for key, by in SHIPPED.wordings().items():
        for language in by:
            extra = {
                "day": "Thu 12 Mar",
                "time": "10:00",
                "link": "https://oak.example/l/AbCdEfGhIjKlMnOpQrStUv",
            }
            assert fill(key, dataclasses.replace(found, language=language), extra=extra).body


@pytest.mark.django_db
def test_a_body_that_is_set_stays_as_it_is(alex, dana, now):
    report(alex, dana, now)
    message = first_message(alex)
    message.body = "Sent before"
    assert render(message).body == "Sent before"
    assert render(message, "email").subject == "Hello from Oak Street"


@pytest.mark.parametrize("code", list(PLAIN))
def test_every_reason_is_a_sentence(code):
    assert words(code).endswith(".")


def test_a_reason_that_nobody_has_worded_is_shown_as_it_is():
    assert words("solar_storm") == "solar_storm"


def test_the_renderer_reads_nothing_of_a_message_but_its_key_and_its_words():
    """M-10, by structure: whatever else a message knows, no text can be built from it."""
    tree = ast.parse(inspect.getsource(rendering))
    read = {
        node.attr
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "message"
    }
    assert read <= {"body", "template_key", "client", "client_id", "letterhead"}
    imported = {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert not any(
        name.startswith(("casework.relapse", "casework.measures", "sessions")) for name in imported
    )


def test_every_value_a_text_can_hold_is_a_plain_word():
    assert set(map(type, LETTER.values().values())) == {str}
