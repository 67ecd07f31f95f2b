"""manage.py set_up_practice --name … --alias … --phone … --time-zone … --team NAME…"""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from casework.staff import actions
from clients.errors import DomainError


class Command(BaseCommand):
    help = "Say who the practice is and which teams it has. May be repeated to change or add."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--name", required=True, help="what staff see")
        parser.add_argument(
            "--alias", required=True, help="what messages carry: neutral, at most 20 characters"
        )
        parser.add_argument("--phone", required=True, help="the number in messages")
        parser.add_argument(
            "--helpline", default="", help="your own line that is staffed day and night, if any"
        )
        parser.add_argument("--time-zone", required=True, help="for instance America/New_York")
        parser.add_argument("--jurisdiction", default="US")
        parser.add_argument("--team", action="append", default=[], metavar="NAME", help="may be repeated")

    def handle(self, *args: Any, **options: Any) -> None:
        facts = {
            "name": options["name"],
            "sender_alias": options["alias"],
            "phone": options["phone"],
            "helpline_number": options["helpline"],
            "time_zone": options["time_zone"],
            "jurisdiction": options["jurisdiction"],
        }
        try:
            practice = actions.set_up_practice(
                facts=facts, teams=options["team"], by=None, now=timezone.now()
            )
        except DomainError as error:
            raise CommandError(f"{error.field}: {error}") from error
        self.stdout.write(f"{practice.name} is set up.")
