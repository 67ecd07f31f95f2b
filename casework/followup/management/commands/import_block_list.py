"""`manage.py import_block_list FILE`: the numbers that the provider has blocked, from its daily export."""

import re
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from casework.followup.blocklist import import_blocked
from clients.errors import InvalidInput
from clients.jurisdiction import jurisdiction
from clients.models import Practice
from clients.phones import to_e164

NUMBER = re.compile(r"\+?[0-9][0-9 ().-]{6,20}")


class Command(BaseCommand):
    """Read a file in which each line holds a number, whatever stands beside it."""

    help = "Take back the permission to text from whoever has stopped us at the provider. May be run again."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path)

    def handle(self, *args: Any, file: Path, **options: Any) -> None:
        try:
            lines = file.read_text(encoding="utf-8", errors="replace").splitlines()
        except OSError as error:
            raise CommandError(f"{file} cannot be read: {error.strerror}.") from error
        region = jurisdiction(Practice.current().jurisdiction).phone_region
        numbers = {number for line in lines for number in [_number(line, region)] if number}
        stopped = import_blocked(numbers, now=timezone.now())
        self.stdout.write(f"{len(numbers)} numbers read; texting ended for {stopped} clients.")


def _number(line: str, region: str) -> str:
    """The first number of a line as E.164; empty when there is none."""
    found = NUMBER.search(line)
    try:
        return to_e164(found.group(), region=region) if found else ""
    except InvalidInput:
        return ""
