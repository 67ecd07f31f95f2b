"""What a reminder says, and what policy lets go (clinical.md §5.2, §5.5)."""

from datetime import datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from casework.followup.messages import lint, visits
from casework.followup.messages.policy import Decision, may_send
from casework.followup.messages.reasons import words
from casework.followup.messages.releasing import A_VISIT
from casework.followup.messages.render import render
from casework.followup.models import Message
from clients.models import Client
from clients.segments import measure, outside_gsm
from tests.followup.making import SHIPPED, first_message, report
from tests.followup.reminding import PHOENIX, at, cancel, move, reminders, visit

EVERY_DAY = [datetime(2026, 1, 1, 13, 5, tzinfo=PHOENIX) + timedelta(days=n) for n in range(365)]


@pytest.mark.parametrize(
    ("starts", "language", "said"),
    [
        ([at(17, 14)], "en", {"day": "Tue 17 Mar", "time": "2:00 pm"}),
        ([at(17, 0, 5)], "en", {"day": "Tue 17 Mar", "time": "12:05 am"}),
        ([at(17, 12)], "en", {"day": "Tue 17 Mar", "time": "12:00 pm"}),
        ([at(17, 9, 30), at(17, 14)], "en", {"day": "Tue 17 Mar", "time": "9:30 am and 2:00 pm"}),
        ([at(17, 9), at(17, 12), at(17, 14)], "en", {"day": "Tue 17 Mar", "time": "9:00 am and 2 more"}),
        ([at(18, 14)], "es", {"day": "el mié 18 mar", "time": "14:00"}),
        ([at(17, 9), at(17, 13)], "es", {"day": "el mar 17 mar", "time": "9:00 y 13:00"}),
        ([at(17, 9), at(17, 12), at(17, 14)], "es", {"day": "el mar 17 mar", "time": "9:00 y otras 2"}),
        ([at(21, 9)], "es-MX", {"day": "el 21 mar", "time": "9:00"}),  # sábado has no letters for a text
        ([at(17, 14)], "vi", {"day": "Tue 17 Mar", "time": "2:00 pm"}),
    ],
)
def test_day_and_time_are_said_as_in_a_text(starts, language, said):
    assert visits.words(starts, PHOENIX, language) == said


@pytest.mark.parametrize("language", ["en", "es"])
def test_no_day_of_the_year_costs_a_second_text(language):
    longest = {**lint.LONGEST}
    for day in EVERY_DAY:
        said = visits.words(
            [day.replace(hour=9, minute=30), day.replace(hour=22, minute=30)], PHOENIX, language
        )
        body = SHIPPED.sms("appt", language).format_map({**longest, **said})
        assert outside_gsm(body) == ""
        assert measure(body).segments == 1


@pytest.mark.parametrize("language", ["en", "es"])
def test_what_the_lint_takes_for_the_longest_is_the_longest(language):
    for day in EVERY_DAY:
        said = visits.words(
            [day.replace(hour=12, minute=30), day.replace(hour=22, minute=30)], PHOENIX, language
        )
        for name, value in said.items():
            assert measure(value).units <= measure(A_VISIT[language][name]).units


pytestmark = pytest.mark.django_db
REMINDED = at(16, 10)


def body(message, when=REMINDED):
    assert may_send(message, when).decision is Decision.SEND
    return render(message).body


def test_a_reminder_names_day_and_time_and_no_more(alex, dana, now):
    visit(alex, dana, at(17, 14), now, modality="video", location="https://video.example.org/room")
    (reminder,) = reminders(alex)
    assert body(reminder) == (
        "Hi Alex, Oak Street reminder: you have a visit Tue 17 Mar at 2:00 pm. "
        "Reply C to confirm or R to change it. 555-010-0199. STOP to end."
    )


def test_in_spanish_it_is_usted(alex, dana, now):
    Client.objects.filter(pk=alex.pk).update(language="es")
    visit(alex, dana, at(17, 14), now)
    (reminder,) = reminders(alex)
    assert "tiene una cita el mar 17 mar a las 14:00" in body(reminder)


def test_an_e_mail_names_them_too_and_has_no_keys_to_press(alex, dana, now):
    visit(alex, dana, at(17, 14), now)
    (reminder,) = reminders(alex)
    may_send(reminder, REMINDED)
    mail = render(reminder, "email")
    assert mail.subject == "Hello from Oak Street"
    assert "you have a visit Tue 17 Mar at 2:00 pm" in mail.body
    assert "Reply" not in mail.body


def test_of_two_visits_only_those_that_stand_are_named(alex, dana, now):
    first, _second = (visit(alex, dana, at(17, hour), now) for hour in (9, 14))
    (reminder,) = reminders(alex)
    type(first).objects.filter(pk=first.pk).update(starts_at=at(18, 9), ends_at=at(18, 10))  # by another door
    assert "at 2:00 pm." in body(reminder)


def test_policy_stops_what_was_called_off_even_where_nobody_withdrew_it(alex, dana, now):
    session = visit(alex, dana, at(17, 14), now)
    (reminder,) = reminders(alex)
    type(session).objects.update(state="cancelled", cancelled_for="client", closed_at=now)
    verdict = may_send(reminder, REMINDED)
    assert (verdict.decision, verdict.reason) == (Decision.CANCEL, "visit_off")
    assert words(verdict.reason) == "Not sent: the visit was called off or has moved."


def test_policy_stops_what_has_moved(alex, dana, now):
    session = visit(alex, dana, at(17, 14), now)
    (reminder,) = reminders(alex)
    type(session).objects.update(starts_at=at(17, 15), ends_at=at(17, 16))
    assert may_send(reminder, REMINDED).reason == "visit_off"


def test_nothing_goes_after_the_visit_began(alex, dana, now):
    visit(alex, dana, at(17, 14), now)
    (reminder,) = reminders(alex)
    verdict = may_send(reminder, at(17, 14))
    assert (verdict.decision, verdict.reason) == (Decision.SKIP, "visit_begun")


def test_a_paused_client_is_not_reminded_and_nobody_is_asked_to_call(alex, dana, now):
    visit(alex, dana, at(17, 14), now)
    Client.objects.filter(pk=alex.pk).update(state="paused")
    (reminder,) = reminders(alex)
    assert may_send(reminder, REMINDED).reason == "client_paused"
    assert may_send(reminder, at(17, 14)).reason == "visit_begun"


def test_a_check_in_that_gave_way_too_long_says_why(alex, dana, now):
    report(alex, dana, now)
    message = first_message(alex)
    Message.objects.filter(pk=message.pk).update(reason_code="gave_way")
    message.refresh_from_db()
    assert may_send(message, now + timedelta(days=4)).reason == "visit_took_it"


def test_a_batch_without_reminders_asks_nothing_about_visits(alex, dana, now):
    report(alex, dana, now)
    with CaptureQueriesContext(connection) as captured:
        may_send(first_message(alex), now + timedelta(hours=1))
    assert not [one for one in captured if "followup_namedvisit" in one["sql"]]


def test_a_reminder_that_moved_again_and_was_called_off_is_said_in_words(alex, dana, now):
    session = visit(alex, dana, at(17, 14), now)
    cancel(move(session, at(18, 14), now), now)
    assert words(Message.objects.get(kind="reminder")) == "Not sent: the visit was called off or has moved."
