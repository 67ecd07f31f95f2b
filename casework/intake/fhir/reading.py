"""From a parsed bundle to facts: who, which substances, which overdoses, which times in care."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from .elements import (
    ElementError,
    bare_id,
    concept_codes,
    concept_texts,
    label,
    listed,
    many_texts,
    moment,
    nested,
    reference,
    text,
)
from .episodes import closed_where_known, merged_episodes
from .errors import BundleError
from .facts import COUNSELING, STAY, BundleFacts, EpisodeFact, Moment, Person, SubstanceFact, UseFact
from .files import EXPORT_AGAIN
from .mapping import Mapping, matches
from .people import person_from

NOT_DONE = frozenset({"planned", "cancelled", "entered-in-error", "draft", "revoked", "unknown"})
NOT_TRUE = frozenset({"refuted", "entered-in-error"})


@dataclass
class _Reader:
    """One bundle being read. Resources of somebody else, or never true, are set aside and counted."""

    person: Person
    patient_ids: frozenset[str]
    mapping: Mapping
    zone: ZoneInfo
    now: datetime
    substances: list[SubstanceFact] = field(default_factory=list)
    uses: dict[str, UseFact] = field(default_factory=dict)
    spans: list[EpisodeFact] = field(default_factory=list)
    taken: Counter[str] = field(default_factory=Counter)
    ignored: Counter[str] = field(default_factory=Counter)
    set_aside: Counter[str] = field(default_factory=Counter)
    last_seen_on: date | None = None

    def read(self, resources: list[dict[str, Any]]) -> None:
        """Encounters first: an overdose condition is the same event as the encounter it belongs to."""
        readers = {"Encounter": self._encounter, "Condition": self._condition, "CarePlan": self._care_plan}
        for kind, reader in readers.items():
            for resource in (found for found in resources if found["resourceType"] == kind):
                self._take(resource, reader)
        for resource in resources:
            if resource["resourceType"] not in (*readers, "Patient"):
                self.ignored[resource["resourceType"]] += 1

    def _take(self, resource: dict[str, Any], reader: Callable[[dict[str, Any]], bool]) -> None:
        try:
            if self._is_ours(resource):
                counts = self.taken if reader(resource) else self.ignored
                counts[resource["resourceType"]] += 1
        except ElementError as error:
            named = str(error) if label(resource) in str(error) else f"{label(resource)}: {error}"
            raise ElementError(named) from error

    def _is_ours(self, resource: dict[str, Any]) -> bool:
        statuses = {text(resource, "status"), *concept_codes(nested(resource, "verificationStatus"))}
        if reference(resource, "subject") not in self.patient_ids:
            self.set_aside["about somebody else"] += 1
        elif statuses & (NOT_DONE | NOT_TRUE):
            self.set_aside["planned, cancelled or entered in error"] += 1
        else:
            return True
        return False

    def _encounter(self, encounter: dict[str, Any]) -> bool:
        start = moment(nested(encounter, "period"), "start", self.zone)
        self._saw(start)
        stay = matches(many_texts(encounter, "type"), self.mapping.stay_types)
        overdose = self._is_overdose(encounter)
        if (stay or overdose) and start is None:
            raise ElementError(f"{label(encounter)} has no period.start")
        if start and (stay or overdose) and not self._is_possible(encounter, start):
            return True
        if start and overdose:
            self._add_use(encounter, start)
        if start and stay:
            end = moment(nested(encounter, "period"), "end", self.zone)
            self._add_span(STAY, encounter, start, end)
        return stay or overdose

    def _is_overdose(self, encounter: dict[str, Any]) -> bool:
        setting = text(nested(encounter, "class"), "code")
        named = matches(many_texts(encounter, "reasonCode"), self.mapping.overdose_texts)
        return named and setting in self.mapping.overdose_classes

    def _condition(self, condition: dict[str, Any]) -> bool:
        texts = concept_texts(nested(condition, "code"))
        if matches(texts, self.mapping.overdose_texts):
            self._overdose_condition(condition)
            return True
        rule = self.mapping.substance_for(texts)
        if rule is None:
            return False
        noted = self._noted(condition)
        if noted is None or self._is_possible(condition, noted):
            on = noted.on if noted else None
            self.substances.append(SubstanceFact(_external_id(condition), rule.substance, on))
        return True

    def _overdose_condition(self, condition: dict[str, Any]) -> None:
        """An event of its own only when its encounter is not already one."""
        if reference(condition, "encounter") in self.uses:
            return
        noted = self._noted(condition)
        if noted is None:
            self.set_aside["overdose without a date"] += 1
        elif self._is_possible(condition, noted):
            self._add_use(condition, noted)

    def _noted(self, condition: dict[str, Any]) -> Moment | None:
        return moment(condition, "onsetDateTime", self.zone) or moment(condition, "recordedDate", self.zone)

    def _care_plan(self, plan: dict[str, Any]) -> bool:
        activities = [
            found
            for activity in listed(plan, "activity")
            for found in concept_texts(nested(nested(activity, "detail"), "code"))
        ]
        if not matches([*activities, *many_texts(plan, "category")], self.mapping.counseling_activities):
            return False
        start = moment(nested(plan, "period"), "start", self.zone)
        if start is None:
            self.set_aside["care plan without a start"] += 1
        elif self._is_possible(plan, start):
            self._add_span(COUNSELING, plan, start, moment(nested(plan, "period"), "end", self.zone))
        return True

    def _saw(self, start: Moment | None) -> None:
        if start and start.on <= self.now.astimezone(self.zone).date():
            self.last_seen_on = max(start.on, self.last_seen_on or start.on)

    def _is_possible(self, resource: dict[str, Any], when: Moment) -> bool:
        """False (and counted) after death. Raises ElementError for the future: nothing can have happened yet."""
        if when.on > self.now.astimezone(self.zone).date() or (when.at and when.at > self.now):
            raise ElementError(f"{label(resource)} is dated in the future ({when.on})")
        if self.person.deceased_on and when.on > self.person.deceased_on:
            self.set_aside["dated after death"] += 1
            return False
        return True

    def _add_use(self, resource: dict[str, Any], when: Moment) -> None:
        key = text(resource, "id") or _external_id(resource)
        external_id = _external_id(resource)
        self.uses[key] = UseFact(
            external_id, when, self.mapping.overdose_substance, self.mapping.overdose_use_type
        )

    def _add_span(self, kind: str, resource: dict[str, Any], start: Moment, end: Moment | None) -> None:
        if end and end.on < start.on:
            raise ElementError(f"{label(resource)} ends before it starts")
        self.spans.append(EpisodeFact(kind, start.on, end.on if end else None, (_external_id(resource),)))


def _external_id(resource: dict[str, Any]) -> str:
    if not text(resource, "id"):
        raise ElementError(f"One {resource['resourceType']} has no id, so a second import could not know it")
    return f"{resource['resourceType']}/{text(resource, 'id')}"


def read_facts(
    path: Path, bundle: dict[str, Any], *, mapping: Mapping, zone: ZoneInfo, now: datetime
) -> BundleFacts:
    """All facts of one bundle about its one patient. Raises BundleError; never returns half of them.

    `zone` turns instants into days. An overdose is an event once: its emergency encounter, with the condition
    recorded in that encounter (clinical.md §1.6). Everything not recognised is counted as ignored by type.
    """
    resources = [entry["resource"] for entry in bundle["entry"] if entry.get("resource")]
    patient, patient_ids = _only_patient(path, bundle, resources)
    try:
        person = person_from(patient, mapping, zone)
        _refuse_future(person, now.astimezone(zone).date())
        reader = _Reader(person, patient_ids, mapping, zone, now)
        reader.read(resources)
    except ElementError as error:
        raise BundleError(path, f"{error}.", EXPORT_AGAIN) from error
    today = now.astimezone(zone).date()
    episodes = merged_episodes(reader.spans, adjacent_days=mapping.adjacent_days)
    return BundleFacts(
        path=path,
        person=person,
        substances=_once_each(reader.substances),
        uses=sorted(reader.uses.values(), key=lambda use: (use.when.on, use.external_id)),
        episodes=closed_where_known(
            episodes,
            person,
            last_seen_on=reader.last_seen_on,
            today=today,
            presumed_days=mapping.presumed_discharge_days,
        ),
        taken=reader.taken,
        ignored=reader.ignored,
        set_aside=reader.set_aside,
    )


def _refuse_future(person: Person, today: date) -> None:
    for name, day in (("birthDate", person.birth_date), ("deceasedDateTime", person.deceased_on)):
        if day and day > today:
            raise ElementError(f"Patient.{name} lies in the future ({day})")


def _only_patient(
    path: Path, bundle: dict[str, Any], resources: list[dict[str, Any]]
) -> tuple[dict[str, Any], frozenset[str]]:
    patients = [resource for resource in resources if resource["resourceType"] == "Patient"]
    if not patients:
        raise BundleError(path, "The bundle has no Patient.", "Export the person together with the records.")
    if len(patients) > 1:
        raise BundleError(path, f"The bundle holds {len(patients)} Patients.", "Split it: one person a file.")
    addresses = [entry.get("fullUrl") for entry in bundle["entry"] if entry.get("resource") is patients[0]]
    names = [patients[0].get("id"), *addresses]
    return patients[0], frozenset(bare_id(name) for name in names if isinstance(name, str) and name)


def _once_each(facts: list[SubstanceFact]) -> list[SubstanceFact]:
    """One fact a substance, the earliest known."""
    by_key: dict[str, SubstanceFact] = {}
    for fact in sorted(facts, key=lambda fact: (fact.noted_on or date.max, fact.external_id)):
        by_key.setdefault(fact.substance, fact)
    return list(by_key.values())
