"""What a client's phone sees before and after a one-time link: pages that tell nothing about anybody.

No sign-in, no cookie, no script. The secret in the address is all there is, so a form needs no other token.
"""

from collections.abc import Callable
from functools import wraps
from hashlib import sha256

from allauth.account.adapter import get_adapter
from django.contrib.auth.decorators import login_not_required
from django.core.cache import cache
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods
from redis.exceptions import RedisError

from clients import links

View = Callable[..., HttpResponse]
WINDOW = 600  # seconds
MOST_ASKED = 240  # pages in a window, from one address: a clinic's waiting room shares one
MOST_MISSED = 100  # of them, links that lead nowhere
QUIET = {
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Robots-Tag": "noindex, nofollow, noarchive",
}


def public(view: View) -> View:
    """A page for whoever holds the link: open to everybody, slowed down where somebody guesses, kept nowhere."""

    @csrf_exempt
    @login_not_required
    @require_http_methods(["GET", "HEAD", "POST"])
    @wraps(view)
    def quiet(request: HttpRequest, *args: object, **kwargs: object) -> HttpResponse:
        response = _slow_down(request) if _too_many(request) else view(request, *args, **kwargs)
        for name, value in QUIET.items():
            response.headers[name] = value
        return response

    return quiet


@public
def door(request: HttpRequest, token: str) -> HttpResponse:
    """The neutral page in front: a look does nothing, the button opens."""
    now = timezone.now()
    if request.method != "POST":
        return (
            closed(request, token)
            if links.find(token, now=now) is None
            else render(request, "links/door.html")
        )
    link = links.open_door(token, now=now)
    return closed(request, token) if link is None else redirect(links.PAGES[link.purpose], token=token)


def closed(request: HttpRequest, token: str = "") -> HttpResponse:
    """The same answer for a link that is old, was taken back or never was; one that served its end is thanked."""
    if token and links.used(token) is not None:
        return done(request)
    _count(request, "missed")
    return render(request, "links/closed.html", status=404)


def done(request: HttpRequest) -> HttpResponse:
    return render(request, "links/done.html")


def _slow_down(request: HttpRequest) -> HttpResponse:
    response = render(request, "links/wait.html", status=429)
    response.headers["Retry-After"] = str(WINDOW)
    return response


# --- how often one address asks ---


def _too_many(request: HttpRequest) -> bool:
    return _count(request, "asked") > MOST_ASKED or _count(request, "missed", by=0) > MOST_MISSED


def _count(request: HttpRequest, what: str, by: int = 1) -> int:
    """How often in this window. While nobody can count, nobody is kept out: the links cannot be guessed anyway."""
    address = sha256(get_adapter().get_client_ip(request).encode()).hexdigest()[:24]
    key = f"link:{what}:{address}"
    try:
        cache.add(key, 0, WINDOW)
        return cache.incr(key, by)
    except (RedisError, ValueError):  # ValueError: the window ended between the two
        return 0
