"""manage.py api_token EMAIL --name … [--days N] | --list | --revoke NUMBER"""

from argparse import ArgumentParser
from datetime import datetime, timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from api.models import ApiToken
from casework.staff.models import User

MOST_DAYS = 366


class Command(BaseCommand):
    help = (
        "Give somebody's program a token for the API. It may do what that person may do, and is shown once."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("email")
        what = parser.add_mutually_exclusive_group(required=True)
        what.add_argument("--name", help="which program it is for, for instance “scheduler”")
        what.add_argument("--list", action="store_true", help="the tokens in force, by number and name")
        what.add_argument("--revoke", type=int, metavar="NUMBER", help="end one at once")
        parser.add_argument("--days", type=int, default=90, help="how long it is good for; 90 when not said")

    def handle(self, *args: Any, **options: Any) -> None:
        now = timezone.now()
        user = User.objects.filter(email__iexact=options["email"]).first()
        if user is None:
            raise CommandError(f"Nobody here signs in as {options['email']}.")
        if options["list"]:
            self._tell(user, now)
        elif options["revoke"] is not None:
            self._revoke(user, options["revoke"], now)
        else:
            self._issue(user, options["name"], options["days"], now)

    def _issue(self, user: User, name: str, days: int, now: datetime) -> None:
        if not user.is_active:
            raise CommandError(f"{user.email} is switched off and cannot be given a token.")
        if not name.strip() or len(name) > 80:
            raise CommandError("Name the program in 1 to 80 characters.")
        if not 1 <= days <= MOST_DAYS:
            raise CommandError(f"A token is good for 1 to {MOST_DAYS} days.")
        _row, text = ApiToken.issue(
            user=user, name=name.strip(), now=now, expires_at=now + timedelta(days=days)
        )
        self.stderr.write(f"For {user.email} ({user.role}), {days} days. It is not shown again:")
        self.stdout.write(text)

    def _tell(self, user: User, now: datetime) -> None:
        for token in ApiToken.objects.in_force(now).filter(user=user).order_by("pk"):
            until = f"until {token.expires_at:%Y-%m-%d}" if token.expires_at else "without an end"
            self.stdout.write(f"{token.pk}  {token.name}  since {token.created_at:%Y-%m-%d}, {until}")

    def _revoke(self, user: User, number: int, now: datetime) -> None:
        token = ApiToken.objects.in_force(now).filter(user=user, pk=number).first()
        if token is None:
            raise CommandError(f"{user.email} has no token {number} in force.")
        token.revoke(now=now)
        self.stdout.write(f"Token {number} is no longer good.")
