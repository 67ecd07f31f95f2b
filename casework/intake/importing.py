"""From files to the record: one transaction a file, and a file that fails leaves no trace."""

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from django.db import DatabaseError, transaction

from casework.intake.actions import import_facts
from casework.intake.fhir.errors import BundleError
from casework.intake.fhir.facts import BundleFacts
from casework.intake.fhir.files import MAX_BYTES, load_bundle
from casework.intake.fhir.mapping import Mapping
from casework.intake.fhir.reading import read_facts
from casework.intake.outcomes import FileOutcome, Totals
from clients.errors import DomainError
from clients.models import Team


def import_files(
    paths: list[Path],
    *,
    team: Team,
    mapping: Mapping,
    zone: ZoneInfo,
    by: Any,
    now: datetime,
    dry_run: bool = False,
    max_bytes: int = MAX_BYTES,
    tell: Callable[[FileOutcome], None] | None = None,
) -> Totals:
    """Import each file by itself and tell what came of it. A dry run does the same and takes it back."""
    totals = Totals()
    for path in paths:
        outcome = _import_file(
            path, team=team, mapping=mapping, zone=zone, by=by, now=now, dry_run=dry_run, max_bytes=max_bytes
        )
        totals.add(outcome)
        if tell is not None:
            tell(outcome)
    return totals


def _import_file(
    path: Path,
    *,
    team: Team,
    mapping: Mapping,
    zone: ZoneInfo,
    by: Any,
    now: datetime,
    dry_run: bool,
    max_bytes: int,
) -> FileOutcome:
    try:
        bundle = load_bundle(path, max_bytes=max_bytes)
        facts = read_facts(path, bundle, mapping=mapping, zone=zone, now=now)
        return _saved(facts, team=team, by=by, now=now, dry_run=dry_run)
    except BundleError as error:
        return FileOutcome(path, problem=f"{error.reason} {error.remedy}")
    except DomainError as error:
        return FileOutcome(path, problem=f"The record declined it: {error} Correct it in the sending system.")
    except DatabaseError as error:
        return FileOutcome(
            path, problem=f"The database declined it ({type(error).__name__}). Import it again."
        )


def _saved(facts: BundleFacts, *, team: Team, by: Any, now: datetime, dry_run: bool) -> FileOutcome:
    with transaction.atomic():
        outcome = import_facts(facts=facts, team=team, by=by, now=now)
        if dry_run:
            transaction.set_rollback(True)
    return outcome
