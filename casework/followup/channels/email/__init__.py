"""E-mail by SMTP. Its Message-ID carries the attempt, and nothing can be asked of it afterwards."""

import smtplib
from typing import ClassVar

from django.conf import settings
from django.core.mail import EmailMessage, get_connection
from django.core.mail.backends.base import BaseEmailBackend

from casework.followup.channels.base import About, DeliveryError, Outgoing, Trace

# What a server says of an address that will never work (RFC 5321, RFC 3463).
CLOSING = 421
BAD_RECIPIENT = {550, 551, 553, 555}


def refusal(code: int, about: About = About.MESSAGE) -> DeliveryError:
    """A definite no: for good with 5xx, for now with 4xx. Only a closing server is away; the rest is one mailbox's."""
    permanent = code >= 500
    about = about if permanent else About.MESSAGE
    return DeliveryError(str(code), permanent=permanent, about=about, provider_away=code == CLOSING)


class Email:
    """One plain message per attempt over the installation's own server."""

    provider: ClassVar[str] = "smtp"
    can_look_up: ClassVar[bool] = False
    crowded: ClassVar[frozenset[str]] = frozenset()
    per_second: float | None = None

    @property
    def sender(self) -> str:
        return settings.DEFAULT_FROM_EMAIL

    def message(self, outgoing: Outgoing) -> EmailMessage:
        domain = settings.DEFAULT_FROM_EMAIL.rpartition("@")[2].rstrip(">")
        return EmailMessage(
            subject=outgoing.subject,
            body=outgoing.body,
            to=[outgoing.recipient],
            headers={
                "Message-ID": f"<{outgoing.attempt_id}@{domain}>",
                "Auto-Submitted": "auto-generated",
                "X-Auto-Response-Suppress": "All",
            },
        )

    def send(self, outgoing: Outgoing) -> str:
        connection = get_connection(timeout=settings.FOLLOWUP_PROVIDER_TIMEOUT)
        try:
            connection.open()
        except (smtplib.SMTPException, OSError) as error:
            raise DeliveryError("unreachable") from error
        message = self.message(outgoing)
        try:
            connection.send_messages([message])
        except smtplib.SMTPRecipientsRefused as error:
            code = next(iter(error.recipients.values()))[0]
            raise refusal(code, About.RECIPIENT if code in BAD_RECIPIENT else About.MESSAGE) from error
        except smtplib.SMTPResponseException as error:
            # Our own sender being refused is an operator's matter, not the message's end.
            code = 451 if isinstance(error, smtplib.SMTPSenderRefused) else error.smtp_code
            raise refusal(code) from error
        except (smtplib.SMTPException, OSError) as error:
            raise DeliveryError("broken_answer", ambiguous=True) from error
        finally:
            close_quietly(connection)
        return str(message.extra_headers["Message-ID"])

    def find(self, outgoing: Outgoing) -> list[Trace]:
        raise DeliveryError("cannot_be_asked", ambiguous=True)

    def later_failure(self, code: str) -> DeliveryError:
        return DeliveryError(code or "bounced", permanent=True, about=About.RECIPIENT)


def close_quietly(connection: BaseEmailBackend) -> None:
    """What the server says after it accepted changes nothing."""
    try:
        connection.close()
    except (smtplib.SMTPException, OSError):
        return
