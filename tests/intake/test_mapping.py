"""The words a site recognises, and how it may change them."""

import json
from importlib import resources
from pathlib import Path
from typing import Any

import pytest

from casework.intake.fhir.errors import MappingError
from casework.intake.fhir.mapping import folded, load_mapping, matches


def shipped() -> dict[str, Any]:
    return json.loads(resources.files("casework.intake.fhir").joinpath("mapping.json").read_text("utf-8"))


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("Alcoholism", "alcohol"),
        ("ALCOHOL USE DISORDER, moderate", "alcohol"),
        ("Alcohol dependence (disorder)", "alcohol"),
        ("Smokes tobacco daily", "nicotine"),
        ("Clonazepam dependence", "clonazepam"),
        ("Heroin  dependence (disorder)", "heroin"),
        ("Cocaine abuse", "cocaine"),
    ],
)
def test_a_condition_is_recognised_by_its_display_text(text: str, key: str) -> None:
    rule = load_mapping().substance_for([text])
    assert rule is not None
    assert rule.substance == key


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("Opioid abuse (disorder)", "opioid-unnamed"),
        ("Sedative dependence", "sedative-unnamed"),
        ("Drug dependence", "other"),
    ],
)
def test_a_class_without_a_named_substance_keeps_its_class(text: str, key: str) -> None:
    rule = load_mapping().substance_for([text])
    assert rule is not None
    assert rule.substance == key


@pytest.mark.parametrize(
    "text", ["Hypertension", "Non-alcoholic fatty liver", "Never smoker", "History of alcoholism"]
)
def test_other_conditions_are_not_substances(text: str) -> None:
    assert load_mapping().substance_for([text]) is None


def test_texts_are_compared_without_case_spacing_and_closing_tag() -> None:
    assert folded("  Drug   Overdose (disorder) ") == "drug overdose"
    assert matches(["Drug Overdose (event)"], ("drug overdose",))
    assert not matches(["Drug overdose prevention"], ("drug overdose",))
    assert not matches([], ("*",))


def test_the_first_rule_that_fits_wins() -> None:
    rule = load_mapping().substance_for(["Heroin dependence", "Drug dependence"])
    assert rule is not None
    assert rule.substance == "heroin"


def test_no_code_of_a_licensed_terminology_is_shipped() -> None:
    text = json.dumps(shipped())
    assert "snomed" not in text.lower()
    assert not any(word.isdigit() and len(word) > 4 for word in text.replace('"', " ").split())


def test_a_site_may_bring_its_own_words(tmp_path: Path) -> None:
    raw = shipped()
    raw["substances"] = [{"texts": ["Trinkerkrankheit*"], "substance": "alcohol"}]
    raw["episodes"]["adjacent_days"] = 14
    path = tmp_path / "ours.json"
    path.write_text(json.dumps(raw), "utf-8")
    mapping = load_mapping(path)
    assert mapping.substance_for(["Trinkerkrankheit, chronisch"]) is not None
    assert mapping.substance_for(["Alcoholism"]) is None
    assert mapping.adjacent_days == 14
    assert mapping.substance_keys == {"alcohol", "other"}


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("{", "ours.json is not valid JSON"),
        ("{}", "ours.json lacks or misspells 'overdose'"),
        ("[]", "ours.json lacks or misspells"),
        (
            json.dumps({**shipped(), "stays": {"encounter_types": "detox"}}),
            "ours.json lacks or misspells a list of texts",
        ),
    ],
)
def test_a_wrong_mapping_is_refused_by_name(tmp_path: Path, content: str, reason: str) -> None:
    path = tmp_path / "ours.json"
    path.write_text(content, "utf-8")
    with pytest.raises(MappingError) as caught:
        load_mapping(path)
    assert str(caught.value).startswith(reason)


def test_a_missing_mapping_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(MappingError, match="cannot be read"):
        load_mapping(tmp_path / "nowhere.json")
