"""Taking the facts of one file into the record."""

from datetime import UTC, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from casework.followup.actions.endings import record_death
from casework.followup.actions.reports import report_relapse
from casework.intake.fhir.facts import BundleFacts, EpisodeFact, Person, SubstanceFact, Telecom, UseFact
from casework.intake.models import ExternalRef
from casework.intake.outcomes import FileOutcome
from casework.relapse.reporting import Precision, ReportSource
from clients import actions as record
from clients import audit, lower
from clients.access import Verb, require
from clients.errors import DomainError, InvalidInput
from clients.models import Client, EpisodeOfCare, Substance, Team
from clients.stage import Stage

IMPORT = ReportSource.IMPORT.value
IMPORTED = "import.file"
PRECISIONS = {"day": Precision.DAY, "month": Precision.MONTH, "year": Precision.UNKNOWN}
Kind = ExternalRef.Kind


@transaction.atomic
def import_facts(*, facts: BundleFacts, team: Team, by: Any, now: datetime) -> FileOutcome:
    """Take in what one file tells and the record does not know yet; what is known stays as it is.

    Somebody known keeps their names, numbers and team: only new facts are added. History starts no message and
    no to-do: the reports have the source `import`, from which nothing follows (clinical.md §1.7). Raises
    DomainError when the record declines a fact; then nothing of the file is taken.
    """
    require(by, Verb.IMPORT_CLIENTS)
    intake = _Intake(facts, team, by, now)
    intake.take_person()
    for substance in facts.substances:
        intake.take_substance(substance)
    for episode in facts.episodes:
        intake.take_episode(episode)
    for use in facts.uses:
        intake.take_use(use)
    intake.take_death()
    return intake.finished()


class _Intake:
    """One file on its way into the record: everything is asked for by its name in the sending system first."""

    def __init__(self, facts: BundleFacts, team: Team, by: Any, now: datetime) -> None:
        self.person, self.team, self.by, self.now = facts.person, team, by, now
        self.outcome = FileOutcome(facts.path, ignored=facts.ignored, set_aside=facts.set_aside)
        self.catalogue = {one.key: one for one in Substance.objects.order_by("key")}
        self.known: set[tuple[str, str]] = set()
        self.client: Client
        self.is_new = False

    def finished(self) -> FileOutcome:
        audit.record(
            IMPORTED,
            by=self.by,
            at=self.now,
            client_id=self.client.pk,
            target=self.client,
            created=dict(self.outcome.created),
            matched=dict(self.outcome.matched),
        )
        return self.outcome

    # --- who ---
    def take_person(self) -> None:
        person = self.person
        ref = ExternalRef.objects.filter(
            system=person.system, kind=Kind.CLIENT, external_id=person.external_id
        ).first()
        if ref is None:
            self.client, self.is_new = self._registered(person), True
            self._remember(Kind.CLIENT, person.external_id, self.client.pk)
            return
        self.client = record.locked(ref.client_id)
        theirs = ExternalRef.objects.filter(client=self.client, system=person.system)
        self.known = set(theirs.values_list("kind", "external_id"))
        self.outcome.matched["client"] += 1

    def _registered(self, person: Person) -> Client:
        self._remark_on_namesakes(person)
        client = record.register_client(
            team=self.team,
            by=self.by,
            now=self.now,
            given_name=person.given_name[:80],
            family_name=person.family_name[:80],
            chosen_name=person.chosen_name[:80],
            date_of_birth=person.birth_date,
            language=person.language or "en",
        )
        for telecom in person.telecoms:
            self._add_contact_point(client, telecom)
        return client

    def _remark_on_namesakes(self, person: Person) -> None:
        same = Client.objects.standing().filter(
            given_name__iexact=person.given_name,
            family_name__iexact=person.family_name,
            date_of_birth=person.birth_date,
        )
        for number in same.order_by("pk").values_list("record_number", flat=True):
            self.outcome.remarks.append(
                _("Has the name and birth date of %(number)s: the same person?") % {"number": number}
            )

    def _add_contact_point(self, client: Client, telecom: Telecom) -> None:
        """A number that cannot be one is left out and said; it is no reason to leave the person out."""
        try:
            record.add_contact_point(
                client_id=client.pk, kind=telecom.kind, value=telecom.value, by=self.by, now=self.now
            )
        except DomainError:
            self.outcome.set_aside["unusable or repeated phone or address"] += 1
        else:
            self.outcome.created["contact point"] += 1

    # --- what ---
    def take_substance(self, fact: SubstanceFact) -> None:
        substance = self._substance(fact.substance)
        if self._is_known(Kind.SUBSTANCE, [fact.external_id]):
            return
        present = self.client.substances.filter(substance=substance).first()
        if present is not None:
            self._remember(Kind.SUBSTANCE, fact.external_id, present.pk, matched=True)
            return
        row = record.set_substance(
            client_id=self.client.pk, substance=substance, by=self.by, now=self.now, source=IMPORT
        )
        self._remember(Kind.SUBSTANCE, fact.external_id, row.pk)

    def _substance(self, key: str) -> Substance:
        if key not in self.catalogue:
            raise InvalidInput(
                _("The mapping names “%(key)s”, which is not in the catalogue of substances.") % {"key": key}
            )
        return self.catalogue[key]

    def take_episode(self, fact: EpisodeFact) -> None:
        """Add an episode of care that took place elsewhere, open or ended, beside whatever there is."""
        if self._is_known(Kind.EPISODE, fact.external_ids):
            return
        episode = EpisodeOfCare.objects.create(
            client=self.client,
            admitted_on=fact.started_on,
            discharged_on=fact.ended_on,
            discharge_reason=fact.reason if fact.ended_on else "",
            source=IMPORT,
        )
        record.remember_first_admission(self.client)
        audit.record(
            "client.admitted",
            by=self.by,
            at=self.now,
            client_id=self.client.pk,
            target=episode,
            source=IMPORT,
        )
        self._remember(Kind.EPISODE, fact.external_id, episode.pk)
        for further in fact.external_ids[1:]:
            self._remember(Kind.EPISODE, further, episode.pk, counted=False)

    def take_use(self, fact: UseFact) -> None:
        """Add a use and the report of it, dated as they were: neither sets a stage, neither starts anything."""
        if self._is_known(Kind.USE, [fact.external_id]):
            return
        if self.client.state == Client.State.DECEASED:
            self.outcome.set_aside["use of somebody already on record as deceased"] += 1
            return
        day_known = fact.when.precision != "year"
        told = report_relapse(
            client_id=self.client.pk,
            stage=Stage.PHYSICAL,
            source=IMPORT,
            by=self.by,
            now=self.now,
            reported_at=self._reported_at(fact),
            occurred_on=fact.when.on if day_known else None,
            occurred_precision=PRECISIONS[fact.when.precision],
            use={
                "use_type": fact.use_type,
                "days": [fact.when.on],
                "substance": self._substance(fact.substance),
            },
            idempotency_key=f"fhir:{fact.external_id}",
        )
        self._remember(Kind.USE, fact.external_id, told.report.pk)

    def _reported_at(self, fact: UseFact) -> datetime:
        """The instant where it is known, else noon of the day; never later than now."""
        if fact.when.at is not None:
            return fact.when.at
        return min(self.now, datetime.combine(fact.when.on, time(12), self._zone).astimezone(UTC))

    @property
    def _zone(self) -> ZoneInfo:
        return self.client.zone

    def take_death(self) -> None:
        """Nobody who has died is ever messaged. A death that is news to us has its consequences, an old one none."""
        if not self.person.deceased or self.client.state == Client.State.DECEASED:
            return
        on = self.person.deceased_on or timezone.localdate(self.now, self._zone)
        note = _("From an imported record")
        # Somebody registered a moment ago has no plan, message or to-do: there is nothing higher up to stop.
        act = lower.record_death if self.is_new else record_death
        act(client_id=self.client.pk, on=on, by=self.by, now=self.now, note=note)
        self.outcome.created["death"] += 1

    # --- names in the sending system ---
    def _is_known(self, kind: str, external_ids: list[str] | tuple[str, ...]) -> bool:
        known = any((kind, external_id) in self.known for external_id in external_ids)
        self.outcome.matched[Kind(kind).value] += int(known)
        return known

    def _remember(
        self, kind: str, external_id: str, target_id: int, *, matched: bool = False, counted: bool = True
    ) -> None:
        ExternalRef.objects.create(
            client=self.client,
            kind=kind,
            system=self.person.system,
            external_id=external_id,
            target_id=target_id,
            imported_at=self.now,
        )
        counts = self.outcome.matched if matched else self.outcome.created
        counts[Kind(kind).value] += int(counted)
