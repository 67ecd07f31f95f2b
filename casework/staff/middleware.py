"""What every signed-in request shares: the practice's clock, and signing out whoever has left the desk."""

from collections.abc import Callable

from django.conf import settings
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone

from clients.doors import Moved
from clients.models import Practice

SEEN = "seen_at"
UNATTENDED = "X-Unattended"  # a page renews itself; that somebody sits there does not follow from it


class StaffMiddleware:
    """Activates the practice's zone, and ends a session that has been idle for longer than IDLE_SIGN_OUT."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.user.is_authenticated:
            self._end_if_idle(request)
            here = Practice.current()
            request.practice = here  # type: ignore[attr-defined] # handed on to the templates, as `user` is
            with timezone.override(here.zone):
                return self.get_response(request)
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """The old address of a merged record leads on."""
        return redirect(exception.location) if isinstance(exception, Moved) else None

    @staticmethod
    def _end_if_idle(request: HttpRequest) -> None:
        now = int(timezone.now().timestamp())
        seen = request.session.get(SEEN, now)
        if now - seen > settings.IDLE_SIGN_OUT.total_seconds():
            logout(request)
        elif UNATTENDED not in request.headers and (now - seen >= 30 or SEEN not in request.session):
            request.session[SEEN] = now
