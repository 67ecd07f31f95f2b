"""manage.py add_person EMAIL --name … --role … --team …"""

from argparse import ArgumentParser
from getpass import getpass
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from casework.staff import actions
from clients.access import Role
from clients.errors import DomainError


class Command(BaseCommand):
    help = "Take somebody in; asks for a first password. With --password-only, gives a new one to somebody there."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("email")
        parser.add_argument("--name", default="", help="full name")
        parser.add_argument("--role", choices=Role.values, default=Role.COUNSELOR)
        parser.add_argument("--credential", default="", help="for instance LADC; printed under signatures")
        parser.add_argument("--trainee", action="store_true", help="in training")
        parser.add_argument("--team", default="", metavar="NAME", help="a supervisor joins as its supervisor")
        parser.add_argument("--password-only", action="store_true")

    def handle(self, *args: Any, **options: Any) -> None:
        password = getpass(f"Password for {options['email']}: ")
        if password != getpass("Once more: "):
            raise CommandError("The two were not the same. Nothing was changed.")
        try:
            user = self._act(password, options)
        except DomainError as error:
            raise CommandError(f"{error.field}: {error}") from error
        self.stdout.write(f"{user.email} can sign in ({user.role}).")

    def _act(self, password: str, options: dict[str, Any]) -> Any:
        now = timezone.now()
        if options["password_only"]:
            return actions.set_password(email=options["email"], password=password, by=None, now=now)
        facts = {
            "full_name": options["name"],
            "role": options["role"],
            "credential": options["credential"],
            "is_trainee": options["trainee"],
        }
        return actions.add_person(
            email=options["email"], password=password, facts=facts, team=options["team"], by=None, now=now
        )
