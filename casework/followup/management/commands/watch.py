"""`manage.py watch`: the watchman. It needs no broker, delivers what others left, and raises the alarm."""

import signal
import threading
from typing import Any

import structlog
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError, close_old_connections, connection

from casework.followup import delivery, heartbeats, tasks
from casework.followup.dead_man import alarms

log = structlog.get_logger(__name__)


class Command(BaseCommand):
    """Poll until told to stop."""

    help = "Deliver what is due even without a broker, and raise the alarm when nobody does."
    broke = False

    def handle(self, *args: Any, **options: Any) -> None:
        stop = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stop.set())
        log.info("watchman_starts", poll=settings.FOLLOWUP_WATCH_POLL, grace=settings.FOLLOWUP_WATCH_GRACE)
        beside = threading.Thread(target=self.look_after, args=(stop,), name="look after", daemon=True)
        beside.start()
        raised: frozenset[str] = frozenset()
        while not stop.is_set():
            close_old_connections()
            raised = self.round(raised)
            stop.wait(settings.FOLLOWUP_WATCH_POLL)
        beside.join(timeout=5)
        if self.broke:
            raise CommandError("Nobody looks after emergencies here any more: start the watchman again.")

    def look_after(self, stop: threading.Event) -> None:
        """Emergencies and plans, in a thread and a connection of its own: what takes long keeps no message waiting.

        When it ends the watchman ends, and whoever started it starts it again: nobody may think that it still looks.
        """
        self.broke = True
        try:
            self._look_until(stop)
            self.broke = False
        finally:
            stop.set()
            connection.close()

    def _look_until(self, stop: threading.Event) -> None:
        rounds = 0
        while not stop.is_set():
            close_old_connections()
            try:
                tasks.alert()
                if rounds % 12 == 0:
                    tasks.tidy()
            except DatabaseError as error:
                log.error("database_away", error=type(error).__name__)
                connection.close()
            rounds += 1
            stop.wait(settings.FOLLOWUP_WATCH_POLL)

    def round(self, raised: frozenset[str]) -> frozenset[str]:
        """Look once; return the alarms that stand. A database that is away is waited for."""
        try:
            heartbeats.beat(heartbeats.WATCH)
            sent = delivery.deliver_due(grace=settings.FOLLOWUP_WATCH_GRACE)
            if sent:
                log.warning("watchman_delivered", sent=sent)
            standing = frozenset(alarms())
        except DatabaseError as error:
            log.error("database_away", error=type(error).__name__)
            connection.close()
            return raised
        for alarm in standing - raised:
            log.error("dead_man", alarm=alarm)
        for alarm in raised - standing:
            log.info("dead_man_over", alarm=alarm)
        return standing
