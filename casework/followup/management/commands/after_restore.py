"""`manage.py after_restore`: before anything is sent from a database that was put back to an earlier state."""

from typing import Any

from django.core.management.base import BaseCommand

from casework.followup.delivery import relocated


class Command(BaseCommand):
    """Put what is due into look-up."""

    help = "Ask the provider about every message that is due before any is sent: it may have left already."

    def handle(self, *args: Any, **options: Any) -> None:
        asked = relocated.ask_first()
        self.stdout.write(f"{asked} messages are due; each is looked up at the provider before it is sent.")
        self.stdout.write(
            "What clients wrote since the backup, STOP included, is only at the provider: read it there."
        )
