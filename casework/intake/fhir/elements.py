"""Small readers of FHIR elements. Each raises ElementError with the element's name when it is malformed."""

import re
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from .facts import Moment

PARTIAL_DATE = re.compile(r"^(?P<year>\d{4})(-(?P<month>\d{2})(-(?P<day>\d{2}))?)?$")
UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


class ElementError(ValueError):
    """One element that we need is not what FHIR says it is."""


def listed(resource: dict[str, Any], name: str) -> list[dict[str, Any]]:
    """A repeating element as a list of objects; empty when it is absent."""
    value = resource.get(name, [])
    if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
        raise ElementError(f"{label(resource)}.{name} is not a list")
    return value


def nested(resource: dict[str, Any], name: str) -> dict[str, Any]:
    """A single complex element; empty when it is absent."""
    value = resource.get(name, {})
    if not isinstance(value, dict):
        raise ElementError(f"{label(resource)}.{name} is not an object")
    return value


def text(resource: dict[str, Any], name: str) -> str:
    """A string element, trimmed; empty when it is absent."""
    value = resource.get(name, "")
    if not isinstance(value, str):
        raise ElementError(f"{label(resource)}.{name} is not a text")
    return storable(value, f"{label(resource)}.{name}")


def storable(value: str, where: str) -> str:
    """The text with single spaces. Raises ElementError for characters that no database keeps."""
    if UNSTORABLE.search(value):
        raise ElementError(f"{where} holds characters that are not text")
    return " ".join(value.split())


def label(resource: dict[str, Any]) -> str:
    """How we name a resource to people: Encounter/6c68…; an element within one is just "element"."""
    kind, number = resource.get("resourceType", "element"), resource.get("id")
    if not isinstance(number, str):
        return str(kind)
    return f"{kind}/{number[:64].encode('ascii', 'replace').decode()}"


def concept_texts(concept: dict[str, Any]) -> list[str]:
    """All human-readable texts of a CodeableConcept: its own text and its codings' displays."""
    displays = [text(coding, "display") for coding in listed(concept, "coding")]
    return [found for found in (text(concept, "text"), *displays) if found]


def concept_codes(concept: dict[str, Any]) -> list[str]:
    """The codes of a CodeableConcept, for FHIR's own small status lists only."""
    return [code for coding in listed(concept, "coding") if (code := text(coding, "code"))]


def many_texts(resource: dict[str, Any], name: str) -> list[str]:
    """The texts of every concept in a repeating element."""
    return [found for concept in listed(resource, name) for found in concept_texts(concept)]


def reference(resource: dict[str, Any], name: str) -> str:
    """The bare id a reference points to: urn:uuid:X, Patient/X and a full address all give X."""
    target = text(nested(resource, name), "reference")
    return bare_id(target)


def bare_id(target: str) -> str:
    """The last part of a reference or full address, without a version."""
    unversioned = target.split("/_history/", maxsplit=1)[0]
    return unversioned.removeprefix("urn:uuid:").removeprefix("urn:oid:").rsplit("/", 1)[-1]


def moment(resource: dict[str, Any], name: str, zone: ZoneInfo) -> Moment | None:
    """A FHIR date, partial date or instant; an instant's day is the local day in `zone`."""
    value = text(resource, name)
    if not value:
        return None
    try:
        return _moment(value, zone)
    except (ValueError, OverflowError) as error:
        raise ElementError(f"{label(resource)}.{name} {value!r} is not a date") from error


def _moment(value: str, zone: ZoneInfo) -> Moment:
    partial = PARTIAL_DATE.match(value)
    if partial:
        precision = "day" if partial["day"] else "month" if partial["month"] else "year"
        return Moment(
            date(int(partial["year"]), int(partial["month"] or 1), int(partial["day"] or 1)), precision
        )
    at = datetime.fromisoformat(value)
    if at.tzinfo is None:
        raise ValueError("an instant needs its offset")
    return Moment(at.astimezone(zone).date(), "day", at)
