"""The person a bundle is about."""

from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from casework.intake.fhir.elements import ElementError
from casework.intake.fhir.facts import Person, Telecom
from casework.intake.fhir.mapping import load_mapping
from casework.intake.fhir.people import person_from

from .bundles import concept, patient

BOSTON = ZoneInfo("America/New_York")


def read(**changes: Any) -> Person:
    return person_from(patient(**changes), load_mapping(), BOSTON)


def test_alex_is_read_with_the_official_name_and_without_the_title() -> None:
    alex = read()
    assert (alex.given_name, alex.family_name, alex.chosen_name) == ("Alex Jo", "Rivera", "")
    assert (alex.birth_date, alex.language, alex.deceased) == (date(1984, 4, 10), "en", False)


def test_the_record_number_is_kept_and_never_a_national_number() -> None:
    assert (read().system, read().external_id) == ("https://ehr.example", "MR-77")


def test_without_a_record_number_another_identifier_serves() -> None:
    alex = read(identifier=[{"system": "https://lab.example", "value": "L-9"}])
    assert (alex.system, alex.external_id) == ("https://lab.example", "L-9")


@pytest.mark.parametrize(
    "identifier",
    [
        [],
        [{"type": {"coding": [{"code": "SS"}]}, "system": "https://ids.example", "value": "999-00-1111"}],
        [{"system": "http://hl7.org/fhir/sid/us-ssn", "value": "999-00-1111"}],
        [{"value": "no system"}],
    ],
)
def test_without_any_usable_identifier_the_id_of_the_resource_serves(
    identifier: list[dict[str, Any]],
) -> None:
    assert read(identifier=identifier).external_id == "alex-1"


def test_a_person_without_identifier_and_id_could_never_be_known_again() -> None:
    with pytest.raises(ElementError, match="a second import could not know it"):
        read(identifier=[], id=None)


def test_a_nickname_becomes_the_chosen_name() -> None:
    names = [
        {"use": "nickname", "given": ["Lex"]},
        {"use": "usual", "family": "Rivera", "given": ["Alexandra"]},
    ]
    alex = read(name=names)
    assert (alex.chosen_name, alex.given_name) == ("Lex", "Alexandra")


def test_a_current_name_goes_before_an_old_one() -> None:
    names = [{"use": "old", "family": "Stone", "given": ["Alex"]}, {"family": "Rivera", "given": ["Alex"]}]
    assert read(name=names).family_name == "Rivera"
    assert read(name=names[:1]).family_name == "Stone"


def test_a_person_with_one_name_only_keeps_it() -> None:
    alex = read(name=[{"family": "Rivera"}])
    assert (alex.given_name, alex.family_name) == ("Rivera", "")


@pytest.mark.parametrize("name", [[], [{"use": "official"}], None])
def test_a_person_without_a_name_is_refused(name: object) -> None:
    with pytest.raises(ElementError, match="Patient/alex-1 has no name"):
        read(name=name)


@pytest.mark.parametrize(
    ("communication", "language"),
    [
        ([{"language": {"coding": [{"code": "es-US"}]}}], "es"),
        ([{"language": {"text": "Español"}}], "es"),
        (
            [
                {"language": {"coding": [{"code": "en"}]}},
                {"language": {"text": "Spanish"}, "preferred": True},
            ],
            "es",
        ),
        ([{"language": {"coding": [{"code": "840"}], "text": "Portuguese"}}], "pt"),
        ([{"language": concept("Klingon")}], ""),
        ([], ""),
    ],
)
def test_the_preferred_language_becomes_a_code(communication: list[dict[str, Any]], language: str) -> None:
    assert read(communication=communication).language == language


def test_phones_and_addresses_are_taken_by_kind_and_old_ones_left() -> None:
    telecom = [
        {"system": "phone", "use": "home", "value": "212 555 0100"},
        {"system": "phone", "use": "mobile", "value": "212 555 0101"},
        {"system": "sms", "value": "212 555 0102"},
        {"system": "email", "value": "alex@example.org"},
        {"system": "phone", "use": "old", "value": "212 555 0103"},
        {"system": "fax", "value": "212 555 0104"},
        {"system": "phone"},
    ]
    assert read(telecom=telecom).telecoms == (
        Telecom("landline", "212 555 0100"),
        Telecom("mobile", "212 555 0101"),
        Telecom("mobile", "212 555 0102"),
        Telecom("email", "alex@example.org"),
    )


def test_the_day_of_death_is_a_day_where_the_practice_is() -> None:
    alex = read(deceasedDateTime="2021-01-01T03:00:00+00:00")
    assert (alex.deceased, alex.deceased_on) == (True, date(2020, 12, 31))


def test_death_may_be_known_without_its_day() -> None:
    assert (read(deceasedBoolean=True).deceased, read(deceasedBoolean=True).deceased_on) == (True, None)
    assert read(deceasedBoolean=False).deceased is False


def test_a_birth_date_that_is_only_a_year_is_not_made_up_into_a_day() -> None:
    assert read(birthDate="1984").birth_date is None


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"birthDate": "10/04/1984"}, "Patient/alex-1.birthDate '10/04/1984' is not a date"),
        ({"birthDate": "1984-13-01"}, "is not a date"),
        ({"deceasedDateTime": "2020-01-01T10:00:00"}, "deceasedDateTime '2020-01-01T10:00:00' is not a date"),
        ({"birthDate": 1984}, "Patient/alex-1.birthDate is not a text"),
        ({"name": [{"given": ["Al\x00ex"]}]}, "given holds characters that are not text"),
        ({"name": [{"family": "Riv\ud800era"}]}, "family holds characters that are not text"),
        ({"birthDate": "0001-01-01T00:00:00+14:00"}, "is not a date"),
        ({"name": "Alex"}, "Patient/alex-1.name is not a list"),
        ({"name": [{"given": "Alex"}]}, "given is not a list of texts"),
        ({"communication": [{"language": "en"}]}, "language is not an object"),
    ],
)
def test_a_malformed_element_is_refused_by_name(changes: dict[str, Any], reason: str) -> None:
    with pytest.raises(ElementError) as caught:
        read(**changes)
    assert reason in str(caught.value)
