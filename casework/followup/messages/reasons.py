"""Why a message went, waits, was held or was left out, in words for the people who wonder."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.utils import formats
from django.utils.translation import gettext, gettext_lazy
from django.utils.translation import gettext as _

from casework.followup.models import Message

PLAIN: Mapping[str, Any] = {
    "": gettext_lazy("Waits for its time."),
    "due": gettext_lazy("Due now: on its way."),
    "answers_client": gettext_lazy("Answers the client's message at once."),
    "sent": gettext_lazy("Sent."),
    "accepted": gettext_lazy("Taken over by the carrier; not confirmed yet."),
    "delivered": gettext_lazy("Delivered."),
    "client_deceased": gettext_lazy("Not sent: the client has died."),
    "client_discharged": gettext_lazy("Not sent: the client has been discharged."),
    "client_paused": gettext_lazy("Held: the client is paused."),
    "plan_paused": gettext_lazy("Held: the plan is paused."),
    "messages_off": gettext_lazy("Not sent: the client wants no messages."),
    "plan_completed": gettext_lazy("Not sent: the plan is completed."),
    "plan_superseded": gettext_lazy("Not sent: a newer report began a new plan."),
    "superseded": gettext_lazy("Cancelled: a newer report began a new plan."),
    "plan_voided": gettext_lazy("Not sent: the report was taken back."),
    "voided": gettext_lazy("Cancelled: the report was taken back."),
    "plan_closed_deceased": gettext_lazy("Not sent: the client has died."),
    "plan_closed_discharged": gettext_lazy("Not sent: the client has been discharged."),
    "plan_closed_open_door": gettext_lazy("Not sent: the plan was closed with the door open."),
    "open_door": gettext_lazy("Cancelled: the plan was closed with the door open."),
    "crisis_open": gettext_lazy("Held: words of crisis came in. It goes on when somebody has cleared the crisis."),
    "crisis_cleared": gettext_lazy("Waits for its time again: the crisis was cleared."),
    "no_permission": gettext_lazy("Not sent: there is no permission for text messages or e-mail."),
    "no_contact": gettext_lazy("Not sent: no number or address is on record."),
    "number_bad": gettext_lazy("Not sent: the number or address does not work."),
    "shared_not_reviewed": gettext_lazy("Not sent: others use this phone too, and nobody has reviewed that yet."),
    "late": gettext_lazy("Left out: its day had passed by more than two days."),
    "passed_in_pause": gettext_lazy("Left out: its day passed while the client was paused."),
    "resumed": gettext_lazy("Waits for its time again: the pause has ended."),
    "cap": gettext_lazy("Left out: more messages than one a day or three a week would have gone."),
    "welcome_yields": gettext_lazy("Left out: the plan's own texts say who we are, and leave it no day."),
    "visit_off": gettext_lazy("Not sent: the visit was called off or has moved."),
    "visit_begun": gettext_lazy("Left out: the visit had begun."),
    "reminded_together": gettext_lazy("Cancelled: one reminder names all visits of the day."),
    "gave_way": gettext_lazy("Moved: a reminder of a visit has its place."),
    "visit_took_it": gettext_lazy("Left out: a reminder of a visit has its place, and no other day is near."),
    "too_late": gettext_lazy("Not sent: it would have come too late to be of use."),
    "telling_word": gettext_lazy("Not sent: a name in it would tell a stranger what it is about. See the settings."),
    "too_long": gettext_lazy("Not sent: with these names it does not fit into one text message."),
    "no_text": gettext_lazy("Not sent: there is no such text."),
    "did_not_arrive": gettext_lazy("Not delivered, twice in each way the client agreed to. Call instead."),
    "rate": gettext_lazy("Waits for its turn: no more than the carrier takes in a second may go."),
    "provider_slow": gettext_lazy("Waits for its turn: the carrier is slow to answer."),
    "provider_away": gettext_lazy("Held: the carrier cannot be reached. It goes on by itself when it is back."),
    "retrying": gettext_lazy("Not through yet: it will be tried again."),
    "checking_provider": gettext_lazy("We ask the carrier whether it arrived before trying again."),
    "unknown_outcome": gettext_lazy("The carrier gave no clear answer; we ask before trying again."),
    "interrupted": gettext_lazy("Sending was interrupted; we ask the carrier before trying again."),
    "resent_possible_duplicate": gettext_lazy("Sent again: nobody could say whether the first one arrived."),
    "not_provable": gettext_lazy("Nobody can say whether it arrived. It is not sent again by itself."),
    "provider_refused": gettext_lazy("Not sent: the carrier refused it. Call instead."),
    "unreachable_number": gettext_lazy("Not delivered: the number cannot be reached. Call, or ask for a new number."),
    "provider_blocked": gettext_lazy("Not sent: the carrier says that the client wants no texts."),
    "dead_too_many_attempts": gettext_lazy("Not delivered after several tries. Call instead."),
    "step_dropped": gettext_lazy("Dropped from the plan."),
    "withdrawn": gettext_lazy("Cancelled before it left."),
    "became_call": gettext_lazy("Cancelled: it became a call to make."),
    "number_changed": gettext_lazy("Cancelled: the number is no longer the client's."),
}  # fmt: skip


def words(
    about: Message | str,
    params: Mapping[str, Any] | None = None,
    *,
    tz: str = "",
    now: datetime | None = None,
) -> str:
    """A sentence for a message, or for a reason with its params. A code that nobody has worded is shown as it is."""
    if isinstance(about, Message):
        params, tz, code = about.reason_params, about.tz, about.reason_code
        if not code and about.status in STATUS_WORDS:
            return str(STATUS_WORDS[about.status])
    else:
        code, params = about, params or {}
    telling = TELLING.get(code)
    if telling is not None:
        return telling(params, params.get("tz") or tz, now)
    return str(PLAIN.get(code, code))


def moment(iso: str, tz: str, now: datetime | None = None) -> str:
    """ "09:00 in Phoenix" when it is today there, else with the day. The zone is always said."""
    zone = ZoneInfo(tz or "UTC")
    local = datetime.fromisoformat(iso).astimezone(zone)
    clock = gettext("%(time)s in %(city)s") % {"time": local.strftime("%H:%M"), "city": city(tz)}
    if now is not None and now.astimezone(zone).date() == local.date():
        return clock
    day = formats.date_format(local, _("D j M"))
    return f"{day}, {clock}"


def city(tz: str) -> str:
    """The last part of a zone's name, as people say it."""
    return (tz or "UTC").rsplit("/", 1)[-1].replace("_", " ")


def _held_until(sentence: Any) -> Callable[[Mapping[str, Any], str, datetime | None], str]:
    def tell(params: Mapping[str, Any], tz: str, now: datetime | None) -> str:
        return str(sentence) % {"until": moment(params["until"], tz, now)}

    return tell


def _opted_out(params: Mapping[str, Any], tz: str, now: datetime | None) -> str:
    if not params.get("at"):
        return _("Not sent: the client has withdrawn permission.")
    day = formats.date_format(
        datetime.fromisoformat(params["at"]).astimezone(ZoneInfo(tz or "UTC")), _("j M")
    )
    if params.get("channel") == "email":
        return _("Not sent: the client withdrew e-mail on %(day)s.") % {"day": day}
    return _("Not sent: the client withdrew texting on %(day)s.") % {"day": day}


TELLING: Mapping[str, Callable[[Mapping[str, Any], str, datetime | None], str]] = {
    "quiet_hours": _held_until(gettext_lazy("Held until %(until)s (quiet hours).")),
    "welcome_waits": _held_until(gettext_lazy("Held until %(until)s (another text has its day).")),
    "cap_day": _held_until(gettext_lazy("Held until %(until)s (one message a day).")),
    "cap_week": _held_until(gettext_lazy("Held until %(until)s (three messages a week).")),
    "opted_out": _opted_out,
}
STATUS_WORDS: Mapping[str, Any] = {
    Message.Status.SENT: PLAIN["sent"],
    Message.Status.DELIVERED: PLAIN["delivered"],
    Message.Status.CLAIMED: PLAIN["due"],
}
