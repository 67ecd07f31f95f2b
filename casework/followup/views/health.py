"""Four questions for machines: is the process up, is everything here, is anybody sending, and how many of what."""

import hmac

import redis
from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.db import DatabaseError
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.urls import path
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from casework.followup.dead_man import alarms, vitals
from casework.followup.metrics import registry

READY_SILENCE = 60.0  # seconds; one drain, in which nobody gives a sign of life, may take 45


@never_cache
@login_not_required
@require_safe
def healthz(request: HttpRequest) -> HttpResponse:
    """The process answers."""
    return HttpResponse("ok\n", content_type="text/plain")


@never_cache
@login_not_required
@require_safe
def readyz(request: HttpRequest) -> JsonResponse:
    """Database, broker, worker, beat and watchman are all here."""
    parts = {"broker": _broker()}
    try:
        ages = vitals().ages
        parts["database"] = True
        parts.update({name: age is not None and age <= READY_SILENCE for name, age in ages.items()})
    except DatabaseError:
        parts["database"] = False
    return JsonResponse({"ready": all(parts.values()), **parts}, status=200 if all(parts.values()) else 503)


@never_cache
@login_not_required
@require_safe
def followup(request: HttpRequest) -> JsonResponse:
    """The dead-man switch: 503 while messages are overdue or nobody has been seen sending."""
    try:
        seen = vitals()
    except DatabaseError:
        return JsonResponse({"alarms": ["database_away"]}, status=503)
    standing = alarms(seen)
    body = {
        "alarms": standing,
        "lateness_seconds": round(max(seen.lateness, seen.behind), 1),
        "away": [f"{route.provider}:{route.channel}" for route in seen.away],
        "due": seen.due,
        "unclear": seen.unclear,
    }
    return JsonResponse(body, status=503 if standing else 200)


@never_cache
@login_not_required
@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """Counts for Prometheus, no client among them. Open in the demo; elsewhere only with METRICS_TOKEN as bearer."""
    if not _may_scrape(request):
        raise Http404
    return HttpResponse(generate_latest(registry(vitals())), content_type=CONTENT_TYPE_LATEST)


def _may_scrape(request: HttpRequest) -> bool:
    if settings.METRICS_TOKEN:
        given = request.headers.get("Authorization", "")
        return hmac.compare_digest(given.encode(), f"Bearer {settings.METRICS_TOKEN}".encode())
    return bool(settings.DEBUG or settings.DEMO)


def _broker() -> bool:
    try:
        with redis.Redis.from_url(settings.REDIS_URL, socket_timeout=1, socket_connect_timeout=1) as client:
            return bool(client.ping())
    except redis.RedisError:
        return False


urlpatterns = [
    path("healthz", healthz, name="healthz"),
    path("readyz", readyz, name="readyz"),
    path("healthz/followup", followup, name="healthz_followup"),
    path("metrics", metrics, name="metrics"),
]
