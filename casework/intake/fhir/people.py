"""From a Patient resource to the person we shall know."""

from typing import Any
from zoneinfo import ZoneInfo

from .elements import (
    ElementError,
    bare_id,
    concept_codes,
    concept_texts,
    label,
    listed,
    moment,
    nested,
    storable,
    text,
)
from .facts import Person, Telecom
from .mapping import Mapping, folded

RESOURCE_ID = "urn:ietf:rfc:3986"


def person_from(patient: dict[str, Any], mapping: Mapping, zone: ZoneInfo) -> Person:
    """Names, ways to reach, language and death of a Patient. Raises ElementError without a name or an id."""
    system, external_id = _identity(patient, mapping)
    name = _name(patient)
    given, family = " ".join(_strings(name, "given")), text(name, "family")
    if not given and not family:
        raise ElementError(f"{label(patient)} has no name")
    died = moment(patient, "deceasedDateTime", zone)
    born = moment(patient, "birthDate", zone)
    return Person(
        system=system,
        external_id=external_id,
        given_name=given or family,
        family_name=family if given else "",
        chosen_name=_chosen_name(patient),
        birth_date=born.on if born and born.precision == "day" else None,
        language=_language(patient, mapping),
        telecoms=tuple(_telecoms(patient)),
        deceased=died is not None or patient.get("deceasedBoolean") is True,
        deceased_on=died.on if died else None,
    )


def _identity(patient: dict[str, Any], mapping: Mapping) -> tuple[str, str]:
    """The record number of the sending system; never a national or licence number; else the resource's id."""
    usable = []
    for identifier in listed(patient, "identifier"):
        codes = concept_codes(nested(identifier, "type"))
        system, value = text(identifier, "system"), text(identifier, "value")
        if system and value and not mapping.identifier_never.intersection(codes) and "us-ssn" not in system:
            ranks = [
                mapping.identifier_prefer.index(code) for code in codes if code in mapping.identifier_prefer
            ]
            usable.append((min(ranks, default=len(mapping.identifier_prefer)), system, value))
    if usable:
        return min(usable, key=lambda found: found[0])[1:]
    if text(patient, "id"):
        return RESOURCE_ID, bare_id(text(patient, "id"))
    raise ElementError(
        "The Patient has neither an identifier nor an id, so a second import could not know it"
    )


def _name(patient: dict[str, Any]) -> dict[str, Any]:
    """The name to keep: official, else usual, else the first that is neither old nor a nickname."""
    names = listed(patient, "name")
    for use in ("official", "usual"):
        found = next((name for name in names if name.get("use") == use), None)
        if found:
            return found
    current = [name for name in names if name.get("use") not in ("old", "maiden", "nickname", "anonymous")]
    return next(iter(current or names), {})


def _chosen_name(patient: dict[str, Any]) -> str:
    nickname = next((name for name in listed(patient, "name") if name.get("use") == "nickname"), {})
    return " ".join(_strings(nickname, "given")) or text(nickname, "text")


def _strings(resource: dict[str, Any], name: str) -> list[str]:
    values = resource.get(name, [])
    if not isinstance(values, list) or not all(isinstance(value, str) for value in values):
        raise ElementError(f"{label(resource)}.{name} is not a list of texts")
    return [kept for value in values if (kept := storable(value, f"{label(resource)}.{name}"))]


def _language(patient: dict[str, Any], mapping: Mapping) -> str:
    """The preferred language as a two- or three-letter code; empty when the record names none."""
    spoken = listed(patient, "communication")
    chosen = next((entry for entry in spoken if entry.get("preferred") is True), spoken[0] if spoken else {})
    concept = nested(chosen, "language")
    for code in concept_codes(concept):
        if code[:2].isalpha():
            return code.split("-")[0].lower()
    names = [
        mapping.languages[folded(name)]
        for name in concept_texts(concept)
        if folded(name) in mapping.languages
    ]
    return names[0] if names else ""


def _telecoms(patient: dict[str, Any]) -> list[Telecom]:
    """Phones and e-mail addresses in use, in the order given; what is marked old is left out."""
    found = []
    for telecom in listed(patient, "telecom"):
        system, use, value = text(telecom, "system"), text(telecom, "use"), text(telecom, "value")
        if not value or use == "old" or system not in ("phone", "sms", "email"):
            continue
        kind = (
            "email" if system == "email" else "mobile" if system == "sms" or use == "mobile" else "landline"
        )
        found.append(Telecom(kind, value))
    return found
