"""`manage.py pace`: how many messages a second a sender may hand over; shown, and set."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from casework.followup import channels
from casework.followup.delivery import pace
from casework.followup.delivery.breaker import Route
from casework.followup.models import Pace


class Command(BaseCommand):
    """Without a rate it only shows."""

    help = "Show how fast each sender may send, or set it: manage.py pace sms 3"

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("channel", nargs="?", choices=channels.kinds(), help="sms or email")
        parser.add_argument(
            "per_second", nargs="?", type=float, help="messages a second; a large number is no limit"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if options["per_second"] is not None:
            channel = channels.route(options["channel"])
            route = Route(channel.provider, options["channel"])
            try:
                pace.limit(route, channel.sender, options["per_second"])
            except ValueError as error:
                raise CommandError("A rate is a positive number of messages a second.") from error
        for one in Pace.objects.order_by("channel", "provider", "sender"):
            self.stdout.write(
                f"{one.channel} by {one.provider} from {one.sender}: {one.per_second:g} a second"
            )
        self.stdout.write("Who is not named here sends as fast as it can.")
