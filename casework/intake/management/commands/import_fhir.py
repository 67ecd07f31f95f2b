"""manage.py import_fhir --team NAME PATH…"""

import sys
from argparse import ArgumentParser
from collections import Counter
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from casework.intake.fhir.errors import BundleError, MappingError
from casework.intake.fhir.files import MAX_BYTES, bundle_files
from casework.intake.fhir.mapping import Mapping, load_mapping
from casework.intake.importing import import_files
from casework.intake.outcomes import FileOutcome, Totals
from casework.intake.progress import Bar
from casework.staff.models import User
from clients.access import Verb, can
from clients.models import Practice, Substance, Team

MEGABYTE = 1_000_000


class Command(BaseCommand):
    help = "Import people and their history from FHIR R4 bundles: files or folders, .json or .json.gz."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "paths", nargs="+", type=Path, metavar="PATH", help="a bundle, or a folder of them"
        )
        parser.add_argument(
            "--team", required=True, metavar="NAME", help="the team that receives the clients"
        )
        parser.add_argument("--by", metavar="EMAIL", help="the supervisor on whose behalf this is done")
        parser.add_argument("--mapping", type=Path, metavar="FILE", help="your own copy of mapping.json")
        parser.add_argument(
            "--dry-run", action="store_true", help="say what would happen, and change nothing"
        )
        parser.add_argument("--max-mb", type=int, default=MAX_BYTES // MEGABYTE, help="largest unpacked file")

    def handle(self, *args: Any, **options: Any) -> None:
        team, by, mapping = _team(options["team"]), _person(options["by"]), _mapping(options["mapping"])
        try:
            files = list(bundle_files(options["paths"]))
        except BundleError as error:
            raise CommandError(str(error)) from error
        bar = Bar(len(files), sys.stderr, label="Importing")
        totals = import_files(
            files,
            team=team,
            mapping=mapping,
            zone=Practice.current().zone,
            by=by,
            now=timezone.now(),
            dry_run=options["dry_run"],
            max_bytes=options["max_mb"] * MEGABYTE,
            tell=lambda outcome: self._tell(outcome, bar, dry_run=options["dry_run"]),
        )
        bar.clear()
        self._sum_up(totals, team=team, dry_run=options["dry_run"])
        if totals.broken:
            sys.exit(1)

    def _tell(self, outcome: FileOutcome, bar: Bar, *, dry_run: bool) -> None:
        bar.clear()
        if outcome.problem:
            self.stderr.write(self.style.ERROR(f"{outcome.path.name}: not imported. {outcome.problem}"))
        else:
            self.stdout.write(f"{outcome.path.name}: {_deed(outcome, dry_run=dry_run)}")
            for remark in outcome.remarks:
                self.stdout.write(self.style.WARNING(f"  {remark}"))
        if dry_run and not outcome.problem:
            for word, counts in (("ignored", outcome.ignored), ("set aside", outcome.set_aside)):
                if counts:
                    self.stdout.write(f"  {word}: {_listed(counts)}")
        bar.step(outcome.path.name)

    def _sum_up(self, totals: Totals, *, team: Team, dry_run: bool) -> None:
        good = totals.files - len(totals.broken)
        verb = "would be imported" if dry_run else "imported"
        self.stdout.write("")
        self.stdout.write(f"{good} of {totals.files} files {verb} into {team.name}.")
        created = "would be created" if dry_run else "created"
        for word, counts in (
            (created, totals.created),
            ("matched, left as they are", totals.matched),
            ("ignored", totals.ignored),
            ("set aside", totals.set_aside),
        ):
            if any(counts.values()):
                ours = counts is totals.created or counts is totals.matched
                self.stdout.write(f"  {word}: {_counted(counts) if ours else _listed(counts)}")
        if totals.broken:
            names = ", ".join(outcome.path.name for outcome in totals.broken)
            self.stderr.write(self.style.ERROR(f"{len(totals.broken)} not imported: {names}"))


def _deed(outcome: FileOutcome, *, dry_run: bool) -> str:
    made = (
        f"{'would create' if dry_run else 'created'} {_counted(outcome.created)}" if outcome.created else ""
    )
    known = f"known already: {_counted(outcome.matched)}" if any(outcome.matched.values()) else ""
    return "; ".join(filter(None, [made, known])) or "nothing new"


def _counted(counts: Counter[str]) -> str:
    """Our own words, which take an s for several."""
    return ", ".join(f"{count} {name}{'s' * (count > 1)}" for name, count in sorted(counts.items()) if count)


def _listed(counts: Counter[str]) -> str:
    return ", ".join(f"{count} {name}" for name, count in sorted(counts.items()) if count)


def _team(name: str) -> Team:
    team = Team.objects.filter(name__iexact=name).first()
    if team is None:
        names = ", ".join(f"“{one}”" for one in Team.objects.order_by("name").values_list("name", flat=True))
        raise CommandError(f"There is no team “{name}”. Teams: {names or 'none yet; create one first'}.")
    return team


def _person(email: str | None) -> User | None:
    if email is None:
        return None
    user = User.objects.filter(email__iexact=email).first()
    if user is None or not can(user, Verb.IMPORT_CLIENTS):
        raise CommandError(f"{email} is nobody who may import clients. Name a supervisor, or leave --by out.")
    return user


def _mapping(path: Path | None) -> Mapping:
    try:
        mapping = load_mapping(path)
    except MappingError as error:
        raise CommandError(str(error)) from error
    unknown = mapping.substance_keys - set(Substance.objects.order_by("key").values_list("key", flat=True))
    if unknown:
        raise CommandError(
            f"The mapping names substances that the catalogue lacks: {', '.join(sorted(unknown))}."
        )
    return mapping
