"""Tiny FHIR bundles of our own making, one element at a time."""

import gzip
import json
from pathlib import Path
from typing import Any

ALEX = "alex-1"


def patient(**changes: Any) -> dict[str, Any]:
    """Alex Rivera, born 1984, who speaks English and has one mobile number."""
    made = {
        "resourceType": "Patient",
        "id": ALEX,
        "identifier": [
            {
                "type": {"coding": [{"code": "SS"}]},
                "system": "http://hl7.org/fhir/sid/us-ssn",
                "value": "999-00-1111",
            },
            {"type": {"coding": [{"code": "MR"}]}, "system": "https://ehr.example", "value": "MR-77"},
        ],
        "name": [
            {"use": "maiden", "family": "Stone", "given": ["Alex"]},
            {"use": "official", "family": "Rivera", "given": ["Alex", "Jo"], "prefix": ["Mx."]},
        ],
        "telecom": [{"system": "phone", "use": "mobile", "value": "+1 212 555 0142"}],
        "birthDate": "1984-04-10",
        "communication": [
            {"language": {"coding": [{"code": "en-US", "display": "English"}], "text": "English"}}
        ],
    }
    return {key: value for key, value in {**made, **changes}.items() if value is not None}


def concept(text: str) -> dict[str, Any]:
    return {"coding": [{"system": "http://terminology.example", "display": text}], "text": text}


def encounter(number: str, *, start: str = "2020-03-02T14:00:00+00:00", **changes: Any) -> dict[str, Any]:
    """An ordinary visit; `reason` and `kind` are texts, `end` closes its period."""
    reason, kind, end = changes.pop("reason", None), changes.pop("kind", "Visit"), changes.pop("end", None)
    made = {
        "resourceType": "Encounter",
        "id": number,
        "status": "finished",
        "class": {"code": "EMER" if reason else "AMB"},
        "type": [concept(kind)],
        "subject": {"reference": f"urn:uuid:{ALEX}"},
        "period": {"start": start, **({"end": end} if end else {})},
        **({"reasonCode": [concept(reason)]} if reason else {}),
    }
    return {key: value for key, value in {**made, **changes}.items() if value is not None}


def overdose(number: str, start: str = "2020-03-02T14:00:00+00:00", **changes: Any) -> dict[str, Any]:
    return encounter(number, start=start, reason="Drug overdose", kind="Emergency Room Admission", **changes)


def stay(number: str, start: str, end: str, **changes: Any) -> dict[str, Any]:
    kind = "Drug rehabilitation and detoxification"
    return encounter(number, start=start, end=end, kind=kind, **{"class": {"code": "IMP"}}, **changes)


def condition(number: str, text: str, onset: str | None = "2018-05-01", **changes: Any) -> dict[str, Any]:
    made = {
        "resourceType": "Condition",
        "id": number,
        "clinicalStatus": {"coding": [{"code": "active"}]},
        "verificationStatus": {"coding": [{"code": "confirmed"}]},
        "code": concept(text),
        "subject": {"reference": f"Patient/{ALEX}"},
        "onsetDateTime": onset,
    }
    return {key: value for key, value in {**made, **changes}.items() if value is not None}


def care_plan(
    number: str, start: str | None = "2019-01-10", end: str | None = None, **changes: Any
) -> dict[str, Any]:
    period = {key: value for key, value in (("start", start), ("end", end)) if value}
    activity = changes.pop("activity", "Counseling for substance abuse (procedure)")
    return {
        "resourceType": "CarePlan",
        "id": number,
        "status": "active",
        "intent": "order",
        "category": [concept("Care Plan")],
        "subject": {"reference": f"urn:uuid:{ALEX}"},
        "period": period,
        "activity": [{"detail": {"code": concept("Healthy diet")}}, {"detail": {"code": concept(activity)}}],
        **changes,
    }


def bundle(*resources: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """A transaction bundle; the patient is Alex unless one is among the resources."""
    has_patient = any(resource["resourceType"] == "Patient" for resource in resources)
    everything = list(resources) if has_patient else [patient(), *resources]
    entries = [{"fullUrl": f"urn:uuid:{found.get('id')}", "resource": found} for found in everything]
    return {"resourceType": "Bundle", "type": "transaction", "entry": entries, **changes}


def write(folder: Path, content: Any, name: str = "alex.json") -> Path:
    """Save a bundle (or raw text or bytes) as a file; gzipped when the name says so."""
    raw = content if isinstance(content, bytes) else _text(content).encode()
    path = folder / name
    path.write_bytes(gzip.compress(raw) if name.endswith(".gz") else raw)
    return path


def _text(content: Any) -> str:
    return content if isinstance(content, str) else json.dumps(content)
