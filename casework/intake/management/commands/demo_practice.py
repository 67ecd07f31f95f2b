"""manage.py demo_practice"""

import os
import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from casework.intake.demo import cast
from casework.intake.demo.aftermath import spread_out
from casework.intake.demo.generate import SEED, AlreadyThere, Demo, generate, number_of_steps
from casework.intake.fhir.files import bundle_files
from casework.intake.fhir.mapping import load_mapping
from casework.intake.importing import import_files
from casework.intake.progress import Bar

SAMPLES = "TURNAROUND_SAMPLE_BUNDLES"


class Command(BaseCommand):
    help = (
        "Make an invented practice, dated from now: people, months of history, and messages about to leave."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--seed", type=int, default=SEED, help="another seed makes other people")

    def handle(self, *args: Any, **options: Any) -> None:
        if not (settings.DEBUG or settings.DEMO):
            raise CommandError("This makes invented people: only where DEMO=1 or DEBUG=1 is set.")
        bar = Bar(number_of_steps(), sys.stderr, label="Demo practice")
        try:
            demo = generate(now=timezone.now(), seed=options["seed"], step=bar.step)
        except AlreadyThere:
            self.stdout.write("There is a practice already: nothing was changed.")
            return
        finally:
            bar.clear()
        self._import_samples(demo)
        spread_out(demo.due_soon, now=timezone.now())  # making all this took a while
        self._report(demo)

    def _report(self, demo: Demo) -> None:
        practice = demo.premises.practice
        self.stdout.write(f"{practice.name} is open, in {practice.time_zone}: {len(demo.cases)} clients.")
        self.stdout.write(f"{len(demo.due_soon)} messages leave within the next ten minutes.")

    def _import_samples(self, demo: Demo) -> None:
        folder = sample_bundles()
        if folder is None:
            return
        files = list(bundle_files([folder]))
        bar = Bar(len(files), sys.stderr, label="Importing")
        totals = import_files(
            files,
            team=demo.premises.teams[cast.RIVER],
            mapping=load_mapping(),
            zone=demo.premises.practice.zone,
            by=demo.premises.supervisor,
            now=timezone.now(),
            tell=lambda outcome: bar.step(outcome.path.name),
        )
        bar.clear()
        self.stdout.write(f"{totals.files - len(totals.broken)} of {totals.files} sample bundles imported.")
        for outcome in totals.broken:
            self.stderr.write(self.style.WARNING(f"{outcome.path.name}: not imported. {outcome.problem}"))


def sample_bundles() -> Path | None:
    """The folder that the environment names, else the usual one beside the checkout; None where there is none."""
    named = os.environ.get(SAMPLES, "")
    folder = Path(named) if named else settings.BASE_DIR.parent / "shared" / "data" / "synthea-r4"
    return folder if folder.is_dir() else None
