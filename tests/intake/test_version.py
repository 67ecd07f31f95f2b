"""R4 only: what gives the other versions away."""

from pathlib import Path
from typing import Any

import pytest

from casework.intake.fhir.errors import BundleError
from casework.intake.fhir.files import load_bundle
from casework.intake.fhir.version import foreign_version, release_name

from .bundles import bundle, care_plan, condition, encounter, overdose, patient, stay, write


@pytest.mark.parametrize(
    ("number", "name"),
    [
        ("1.0.2", "DSTU2"),
        ("3.0.2", "STU3"),
        ("4.0.1", "R4"),
        ("4.0", "R4"),
        ("4.3.0", "R4B"),
        ("5.0.0", "R5"),
        ("9", "9"),
    ],
)
def test_version_numbers_have_their_common_names(number: str, name: str) -> None:
    assert release_name(number) == name


def test_an_ordinary_r4_bundle_raises_no_doubt() -> None:
    ours = bundle(
        overdose("e1"), stay("e2", "2020-01-01", "2020-01-09"), condition("c1", "Alcoholism"), care_plan("p1")
    )
    assert foreign_version(ours) is None


def test_an_r4_profile_and_profiles_of_guides_raise_no_doubt() -> None:
    profiles = [
        "http://hl7.org/fhir/StructureDefinition/Patient|4.0.1",
        "http://hl7.org/fhir/us/core/StructureDefinition/us-core-patient|3.1.1",
    ]
    assert foreign_version(bundle(patient(meta={"profile": profiles}), meta={"fhirVersion": "4.0.1"})) is None


@pytest.mark.parametrize(
    ("changes", "version"),
    [
        ({"fhirVersion": "3.0.1"}, "STU3"),
        ({"meta": {"fhirVersion": "5.0.0"}}, "R5"),
        ({"meta": {"profile": ["http://hl7.org/fhir/StructureDefinition/Bundle|4.3.0"]}}, "R4B"),
    ],
)
def test_a_bundle_that_says_another_version_is_believed(changes: dict[str, Any], version: str) -> None:
    found = foreign_version(bundle(**changes))
    assert found is not None
    assert found.version == version


@pytest.mark.parametrize(
    ("resource", "version", "sign"),
    [
        (patient(careProvider=[{"reference": "Practitioner/1"}]), "DSTU2", "Patient.careProvider"),
        (patient(animal={}), "STU3", "Patient.animal"),
        (condition("c", "Alcoholism", patient={"reference": "Patient/1"}), "DSTU2", "Condition.patient"),
        (
            condition("c", "Alcoholism", clinicalStatus="active"),
            "STU3",
            "Condition.clinicalStatus is a plain code",
        ),
        (encounter("e", **{"class": "outpatient"}), "DSTU2", "Encounter.class is a plain code"),
        (encounter("e", patient={"reference": "Patient/1"}, **{"class": None}), "DSTU2", "Encounter.patient"),
        (encounter("e", **{"class": [{"coding": []}]}), "R5", "Encounter.class is a list"),
        (encounter("e", actualPeriod={"start": "2024-01-01"}), "R5", "Encounter.actualPeriod"),
        (encounter("e", reason=None) | {"reason": [{"text": "Drug overdose"}]}, "STU3", "Encounter.reason"),
        (care_plan("p", context={"reference": "Encounter/1"}), "STU3", "CarePlan.context"),
        (care_plan("p", definition=[]), "STU3", "CarePlan.definition"),
        (care_plan("p", participant=[{}]), "DSTU2", "CarePlan.participant"),
        ({"resourceType": "MedicationOrder", "id": "m"}, "DSTU2", "MedicationOrder does not exist in R4"),
        ({"resourceType": "ProcedureRequest", "id": "r"}, "STU3", "ProcedureRequest does not exist in R4"),
    ],
)
def test_another_version_is_known_by_its_shape(resource: dict[str, Any], version: str, sign: str) -> None:
    found = foreign_version(
        bundle(patient(), resource) if resource["resourceType"] != "Patient" else bundle(resource)
    )
    assert found is not None
    assert (found.version, found.sign) == (version, sign)


def test_the_refusal_names_the_file_the_version_and_the_sign(tmp_path: Path) -> None:
    path = write(tmp_path, bundle(condition("c1", "Alcoholism", clinicalStatus="active")), "old.json")
    with pytest.raises(BundleError) as caught:
        load_bundle(path)
    assert str(caught.value) == (
        "old.json: The bundle is FHIR STU3, not R4 (Condition.clinicalStatus is a plain code). "
        "Ask the sending system for an R4 (4.0.1) export."
    )
