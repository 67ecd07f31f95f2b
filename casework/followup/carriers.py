"""How the carriers and our own senders are, in words: the side of the follow-up page and the banner."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from casework.followup import channels, heartbeats
from casework.followup.delivery import breaker
from casework.followup.delivery.breaker import Route
from casework.followup.delivery.tally import ATTEMPT
from casework.followup.models import Breaker, Pace, Tally

CARRIERS: Mapping[str, Any] = {
    "twilio": "Twilio",
    "sandbox": gettext_lazy("the sandbox"),
    "smtp": gettext_lazy("the mail server"),
}
WAYS: Mapping[str, Any] = {"sms": gettext_lazy("Texts"), "email": gettext_lazy("E-mail")}
STATES: Mapping[str, Any] = {
    Breaker.State.CLOSED: gettext_lazy("in service"),
    Breaker.State.OPEN: gettext_lazy("away"),
    Breaker.State.HALF_OPEN: gettext_lazy("being tried again"),
}
WATCHERS: Mapping[str, Any] = {
    heartbeats.WORKER: gettext_lazy("Sender"),
    heartbeats.BEAT: gettext_lazy("Clock of the sender"),
    heartbeats.WATCH: gettext_lazy("Watchman"),
}


@dataclass(frozen=True, kw_only=True)
class Carrier:
    """A route as a person reads about it."""

    title: str
    state: str
    tone: str
    away_since: datetime | None
    tried_at: datetime | None
    code: str
    rate: str
    queue_until: datetime | None
    last_success: datetime | None


def carrier_word(provider: str) -> str:
    """What people call a provider."""
    return str(CARRIERS.get(provider, provider))


def way_word(channel: str) -> str:
    """What people call a channel."""
    return str(WAYS.get(channel, channel))


def carriers(now: datetime) -> list[Carrier]:
    """Every way that the installation has; three queries however many there are."""
    breakers = {
        Route(one.provider, one.channel): one
        for one in Breaker.objects.filter(channel__in=channels.kinds()).order_by("pk")
    }
    paces = {Route(one.provider, one.channel): one for one in Pace.objects.order_by("pk")}
    taken = dict(
        Tally.objects.filter(measure=ATTEMPT, label__endswith=":accepted")
        .order_by("pk")
        .values_list("label", "at")
    )
    found = []
    for kind in channels.kinds():
        route = Route(channels.route(kind).provider, kind)
        last = taken.get(f"{route.provider}:{route.channel}:accepted")
        found.append(_carrier(route, breakers.get(route), paces.get(route), last, now))
    return found


def _carrier(
    route: Route, seen: Breaker | None, pace: Pace | None, last: datetime | None, now: datetime
) -> Carrier:
    state = seen.state if seen else Breaker.State.CLOSED
    queue = max(pace.booked_until, pace.urgent_until) if pace else None
    return Carrier(
        title=_("%(way)s through %(carrier)s")
        % {"way": way_word(route.channel), "carrier": carrier_word(route.provider)},
        state=str(STATES[state]),
        tone="done" if state == Breaker.State.CLOSED else "attention",
        away_since=seen.away_since if seen else None,
        tried_at=seen.until if seen and seen.state == Breaker.State.OPEN else None,
        code=seen.code if seen and seen.state != breaker.State.CLOSED else "",
        rate=_rate(pace.per_second) if pace else "",
        queue_until=queue if queue and queue > now else None,
        last_success=last,
    )


def _rate(per_second: float) -> str:
    if per_second >= 1:
        whole = round(per_second)
        return ngettext("at most %(n)d a second", "at most %(n)d a second", whole) % {"n": whole}
    seconds = round(1 / per_second)
    return ngettext("at most one in %(n)d second", "at most one in %(n)d seconds", seconds) % {"n": seconds}


def sign_of_life(age: float | None) -> str:
    """When somebody was last seen, from the seconds since."""
    if age is None:
        return _("not seen yet")
    minutes = int(age // 60)
    if not minutes:
        return _("seen just now")
    return ngettext("seen %(n)d minute ago", "seen %(n)d minutes ago", minutes) % {"n": minutes}
