"""Telling R4 from its neighbours.

A bundle rarely says which FHIR version it is, so besides the few places that may say it we look for
elements and resource types that only another version has.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

R4 = "R4"
RELEASES = {"1": "DSTU2", "3": "STU3", "4.0": R4, "4": "R4B", "5": "R5", "6": "R6"}
CORE_PROFILE = re.compile(r"^http://hl7\.org/fhir/StructureDefinition/\w+\|(?P<version>\d+(\.\d+)*)")
GONE_TYPES = {
    "MedicationOrder": "DSTU2",
    "DiagnosticOrder": "DSTU2",
    "DeviceUseRequest": "DSTU2",
    "ProcedureRequest": "STU3",
    "ReferralRequest": "STU3",
    "DeviceUseStatement": "",
}


@dataclass(frozen=True)
class Foreign:
    """A version that is not R4, and the sign that gave it away."""

    version: str
    sign: str


def foreign_version(bundle: dict[str, Any]) -> Foreign | None:
    """The version of a bundle that is not R4; None when nothing speaks against R4."""
    return _declared(bundle) or next(_structural(bundle), None)


def release_name(number: str) -> str:
    """The common name of a version number: "3.0.2" is STU3, "4.0.1" is R4, "4.3.0" is R4B."""
    parts = number.split(".")
    return RELEASES.get(".".join(parts[:2])) or RELEASES.get(parts[0], number)


def _declared(bundle: dict[str, Any]) -> Foreign | None:
    meta = bundle.get("meta") if isinstance(bundle.get("meta"), dict) else {}
    stated = bundle.get("fhirVersion") or meta.get("fhirVersion")  # type: ignore[union-attr]
    if isinstance(stated, str) and release_name(stated) != R4:
        return Foreign(release_name(stated), f"it says fhirVersion {stated}")
    for resource in (bundle, *_resources(bundle)):
        for version in _profile_versions(resource):
            if release_name(version) != R4:
                return Foreign(release_name(version), f"{resource['resourceType']} has a {version} profile")
    return None


def _profile_versions(resource: dict[str, Any]) -> Iterator[str]:
    meta = resource.get("meta")
    profiles = meta.get("profile") if isinstance(meta, dict) else None
    for profile in profiles if isinstance(profiles, list) else []:
        found = CORE_PROFILE.match(profile) if isinstance(profile, str) else None
        if found:
            yield found["version"]


def _resources(bundle: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for entry in bundle["entry"]:
        if entry.get("resource"):
            yield entry["resource"]


def _structural(bundle: dict[str, Any]) -> Iterator[Foreign]:
    checks = {"Condition": _condition, "Encounter": _encounter, "Patient": _patient, "CarePlan": _care_plan}
    for resource in _resources(bundle):
        kind = resource["resourceType"]
        if GONE_TYPES.get(kind):
            yield Foreign(GONE_TYPES[kind], f"{kind} does not exist in R4")
        foreign = checks[kind](resource) if kind in checks else None
        if foreign:
            yield foreign


def _condition(resource: dict[str, Any]) -> Foreign | None:
    if "patient" in resource:
        return Foreign("DSTU2", "Condition.patient")
    if isinstance(resource.get("clinicalStatus"), str):
        return Foreign("STU3", "Condition.clinicalStatus is a plain code")
    return None


def _encounter(resource: dict[str, Any]) -> Foreign | None:
    if isinstance(resource.get("class"), str) or "patient" in resource:
        return Foreign(
            "DSTU2", "Encounter.class is a plain code" if "class" in resource else "Encounter.patient"
        )
    if isinstance(resource.get("class"), list) or "actualPeriod" in resource:
        return Foreign(
            "R5", "Encounter.actualPeriod" if "actualPeriod" in resource else "Encounter.class is a list"
        )
    if "reason" in resource:
        return Foreign("STU3", "Encounter.reason")
    return None


def _patient(resource: dict[str, Any]) -> Foreign | None:
    if "careProvider" in resource:
        return Foreign("DSTU2", "Patient.careProvider")
    if "animal" in resource:
        return Foreign("STU3", "Patient.animal")
    return None


def _care_plan(resource: dict[str, Any]) -> Foreign | None:
    if "context" in resource or "definition" in resource:
        return Foreign("STU3", "CarePlan.context" if "context" in resource else "CarePlan.definition")
    if isinstance(resource.get("participant"), list):
        return Foreign("DSTU2", "CarePlan.participant")
    return None
