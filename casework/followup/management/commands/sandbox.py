"""`manage.py sandbox`: the demo's phone company, a process that knows nothing of our database."""

import signal
import threading
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from casework.followup.sandbox import mail
from casework.followup.sandbox.calls import Office
from casework.followup.sandbox.ledger import Ledger
from casework.followup.sandbox.server import Provider


class Command(BaseCommand):
    """Serve on loopback until told to stop."""

    help = "Run the sandbox provider: phones and mailboxes that only exist on this machine."
    requires_system_checks: list[str] = []

    def handle(self, *args: Any, **options: Any) -> None:
        if not (settings.DEBUG or settings.DEMO):
            raise CommandError("The sandbox provider only runs with DEMO=1 or DEBUG=1.")
        if not settings.SANDBOX["token"]:
            raise CommandError("Set SANDBOX_SECRET to any long random text.")
        ledger = Ledger(settings.SANDBOX_LEDGER)
        office = Office(
            url=settings.PUBLIC_URL,
            token=settings.SANDBOX["token"],
            number=settings.SANDBOX["sender"],
            account=settings.SANDBOX["sid"],
        )
        port = urlsplit(settings.SANDBOX_URL).port or 8010
        provider = Provider(("127.0.0.1", port), ledger=ledger, office=office)
        mailbox = mail.listen(ledger, port=settings.SANDBOX_SMTP_PORT) if settings.SANDBOX_SMTP_PORT else None
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: threading.Thread(target=provider.shutdown).start())
        self.stdout.write(f"Phones at {settings.SANDBOX_URL}/")
        provider.serve_forever()
        if mailbox is not None:
            mailbox.stop()
