"""Whatever a file holds: it is read, or refused by name. It never ends in a crash."""

import copy
import json
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st

from casework.intake.fhir.errors import BundleError
from casework.intake.fhir.facts import BundleFacts
from casework.intake.fhir.files import load_bundle
from casework.intake.fhir.mapping import load_mapping
from casework.intake.fhir.reading import read_facts

from .bundles import bundle, care_plan, condition, overdose, patient, stay

NOW = datetime(2021, 6, 1, 12, 0, tzinfo=UTC)
ZONE = ZoneInfo("America/New_York")
MAPPING = load_mapping()
WHOLE = bundle(
    patient(deceasedDateTime="2021-05-01"),
    overdose("e1"),
    stay("e2", "2020-03-02", "2020-03-20"),
    condition("c1", "Alcoholism"),
    condition("c2", "Drug overdose", "2020-03", encounter={"reference": "urn:uuid:e1"}),
    care_plan("p1", "2019-01-10", "2020-06-01"),
    {"resourceType": "Observation", "id": "o1"},
)


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Every place in a JSON value, the whole first."""
    yield path
    for key, inner in (
        value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    ):
        yield from places(inner, (*path, key))


PLACES = [path for path in places(WHOLE) if path]
SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=12)
ODD = st.sampled_from(
    ["", " ", "2020-13-45", "9999-12-31", "0001-01-01", "Patient/", "/", "urn:uuid:", "R4", "1984"]
)
JSON = st.recursive(
    SCALARS | ODD,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
)


def outcome(content: bytes) -> BundleFacts | BundleError:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "any.json"
        path.write_bytes(content)
        found = attempt(path)
    if isinstance(found, BundleError):
        assert found.path == path
        assert found.reason
        assert found.remedy
    return found


def attempt(path: Path) -> BundleFacts | BundleError:
    try:
        return read_facts(path, load_bundle(path), mapping=MAPPING, zone=ZONE, now=NOW)
    except BundleError as error:
        return error


def replaced(path: tuple[Any, ...], value: Any) -> dict[str, Any]:
    changed = copy.deepcopy(WHOLE)
    inside: Any = changed
    for key in path[:-1]:
        inside = inside[key]
    inside[path[-1]] = value
    return changed


def removed(path: tuple[Any, ...]) -> dict[str, Any]:
    changed = copy.deepcopy(WHOLE)
    inside: Any = changed
    for key in path[:-1]:
        inside = inside[key]
    del inside[path[-1]]
    return changed


def test_the_bundle_that_is_tampered_with_is_a_good_one() -> None:
    facts = outcome(json.dumps(WHOLE).encode())
    assert isinstance(facts, BundleFacts)
    assert (len(facts.substances), len(facts.uses), len(facts.episodes)) == (1, 1, 2)


def test_without_any_one_of_its_parts_it_is_read_or_refused() -> None:
    for path in PLACES:
        outcome(json.dumps(removed(path)).encode())


def test_with_null_in_any_one_place_it_is_read_or_refused() -> None:
    for path in PLACES:
        outcome(json.dumps(replaced(path, None)).encode())


@settings(max_examples=400, deadline=None)
@given(path=st.sampled_from(PLACES), value=JSON)
def test_with_anything_in_any_one_place_it_is_read_or_refused(path: tuple[Any, ...], value: Any) -> None:
    outcome(json.dumps(replaced(path, value)).encode("utf-8", "surrogatepass"))


@settings(max_examples=100, deadline=None)
@given(at=st.integers(min_value=0, max_value=len(json.dumps(WHOLE)) - 1))
def test_cut_off_anywhere_it_is_refused(at: int) -> None:
    assert isinstance(outcome(json.dumps(WHOLE).encode()[:at]), BundleError)


@settings(max_examples=100, deadline=None)
@given(content=st.binary(max_size=200))
def test_any_bytes_at_all_are_refused(content: bytes) -> None:
    assert isinstance(outcome(content), BundleError)


@settings(max_examples=100, deadline=None)
@given(value=JSON)
def test_any_json_at_all_is_refused(value: Any) -> None:
    assert isinstance(outcome(json.dumps(value).encode("utf-8", "surrogatepass")), BundleError)
