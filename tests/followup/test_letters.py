"""What reaches a client on paper or after the tone tells a stranger nothing (clinical.md §4.4, §4.5, §5.2)."""

from datetime import timedelta

import pytest

from casework.followup.letters import letter_for, voicemail
from casework.followup.messages import lint
from casework.followup.models import ToDo
from clients.models import Absence, Client
from clients.telling import catalogue_words
from tests import factories

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


def todo(client, key, now):
    return ToDo.objects.create(
        client=client, kind="letter", title="Letter", step_key=key, due_at=now, opened_at=now
    )


def whole(letter):
    return "\n".join([letter.greeting, *letter.paragraphs, letter.farewell, letter.counselor, letter.sender])


@pytest.mark.parametrize("language", ["en", "es"])
@pytest.mark.parametrize("key", ["U3-1-LETTER", "U4-1-LETTER", "D10-LETTER"])
def test_a_letter_names_no_care_and_no_reason(alex, dana, now, language, key):
    Client.objects.filter(pk=alex.pk).update(language=language)
    alex.refresh_from_db()
    letter = letter_for(todo(alex, key, now), now=now)
    assert lint.problems(whole(letter), extra_words=catalogue_words()) == []
    assert (letter.language, letter.counselor, letter.sender, letter.phone) == (
        language,
        "Dana",
        "Oak Street",
        "555-010-0199",
    )
    assert "Moreno" not in whole(letter)
    assert "555-010-0199" in whole(letter)


def test_the_open_door_letter_is_another_one(alex, now):
    offer, door = (letter_for(todo(alex, key, now), now=now) for key in ("U3-1-LETTER", "U4-1-LETTER"))
    assert offer.paragraphs != door.paragraphs
    assert "Our door stays open" in whole(door)


def test_the_letter_is_in_the_clients_language(alex, now):
    Client.objects.filter(pk=alex.pk).update(language="es")
    alex.refresh_from_db()
    letter = letter_for(todo(alex, "U4-1-LETTER", now), now=now)
    assert letter.greeting != "Dear Alex,"
    assert "puerta" in whole(letter)


def test_while_the_counselor_is_away_the_cover_signs(alex, dana, team, now):
    lee = factories.counselor("Lee Park", team=team)
    Absence.objects.create(user=dana, cover=lee, starts_at=now, ends_at=now + DAY, made_at=now, made_by=dana)
    assert letter_for(todo(alex, "U3-1-LETTER", now), now=now).counselor == "Lee"


def test_with_nobody_there_the_team_signs(alex, dana, now):
    Absence.objects.create(user=dana, starts_at=now, ends_at=now + DAY, made_at=now, made_by=dana)
    assert letter_for(todo(alex, "U3-1-LETTER", now), now=now).counselor == "your team"


@pytest.mark.parametrize("language", ["en", "es"])
def test_a_voicemail_names_no_programme(alex, dana, language):
    alex.language = language
    said = voicemail(alex, by=dana)
    assert lint.problems(said, extra_words=catalogue_words()) == []
    assert all(word in said for word in ("Alex", "Dana", "Oak Street", "555-010-0199"))
    assert "Moreno" not in said
