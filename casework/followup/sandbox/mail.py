"""The provider's mailboxes: it takes any mail for anyone and shows it."""

import logging
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

from aiosmtpd.controller import Controller

from casework.followup.sandbox.ledger import OUT, Ledger


class Mailbox:
    """What aiosmtpd calls with each mail."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        mail = message_from_bytes(envelope.content, policy=policy.default)
        assert isinstance(mail, EmailMessage)
        part = mail.get_body(("plain",))
        for address in envelope.rcpt_tos:
            self._ledger.add(
                direction=OUT,
                kind="email",
                phone=address,
                office=str(mail["From"]),
                subject=str(mail["Subject"] or ""),
                body=part.get_content() if part else "",
                status="delivered",
                callback=str(mail["Message-ID"] or ""),
            )
        return "250 OK"


def listen(ledger: Ledger, *, port: int) -> Controller:
    """Take mail on the loopback port, in a thread of its own."""
    logging.getLogger("mail.log").setLevel(logging.WARNING)  # its chatter would name who got mail
    controller = Controller(Mailbox(ledger), hostname="127.0.0.1", port=port)
    controller.start()
    return controller
