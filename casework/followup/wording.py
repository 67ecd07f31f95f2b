"""What texts, steps and outcomes are called on the counselor's pages."""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext_lazy as _

from casework.followup.models import Message

PURPOSES: Mapping[str, Any] = {
    "welcome": _("Welcome"),
    "checkin": _("Check-in that asks for an answer"),
    "counts": _("The work so far still counts; a call is coming"),
    "today": _("Asks whether to talk today"),
    "support": _("Support"),
    "offer": _("Offer of help"),
    "closing": _("Last check-in"),
    "appt": _("Reminder of a visit"),
    "change": _("Answer to R: another time for a visit"),
    "form": _("Link to a short form"),
    "plan": _("Answer to PLAN: link to the plan"),
    "noplan": _("Answer to PLAN: there is none yet"),
    "help": _("Answer to HELP"),
    "start": _("Answer to START"),
    "stop": _("Answer to STOP"),
    "crisis": _("Answer to a crisis"),
    "subject": _("Subject of every e-mail"),
    "foot": _("Foot of every e-mail"),
    "away": _("Answer while nobody is here"),
}
TONES: Mapping[str, str] = {
    Message.Status.PLANNED: "plain",
    Message.Status.HELD: "attention",
    Message.Status.CLAIMED: "accent",
    Message.Status.SENT: "accent",
    Message.Status.DELIVERED: "done",
    Message.Status.FAILED: "attention",
    Message.Status.UNKNOWN: "attention",
    Message.Status.DEAD: "attention",
    Message.Status.CANCELLED: "plain",
    Message.Status.SKIPPED: "plain",
}
TODO_TONES: Mapping[str, str] = {"open": "plain", "done": "done", "cancelled": "plain", "superseded": "plain"}
TODO_REASONS: Mapping[str, Any] = {
    "superseded": _("a newer report began a new plan"),
    "step_dropped": _("dropped from the plan"),
    "voided": _("the report was taken back"),
    "client_deceased": _("the client has died"),
    "client_discharged": _("the client was discharged"),
    "calls_declined": _("the client wants no calls"),
    "messages_again": _("messages go out again"),
    "in_touch_again": _("the client is in touch again"),
    "plan_paused": _("the plan is paused"),
    "in_hospital": _("the client is in hospital; the plan begins again on discharge"),
    "client_back": _("the client is back"),
    "merged": _("the other record asks for the same"),
    "plan_ended": _("the plan has ended"),
    "started_over": _("the count began anew"),
    "climbed": _("the next rung asks for more"),
    "open_door": _("the plan was closed with the door open"),
    "not_due": _("it is not asked for any more"),
}
CAPS: Mapping[str, Any] = {
    "day": _("moved: one message a day"),
    "week": _("moved: three messages a week"),
}


def purpose(key: str) -> str:
    """What a text is for, from its key ("checkin.2")."""
    return str(PURPOSES.get(key.split(".", maxsplit=1)[0], key)) if key else str(_("Written by staff"))
