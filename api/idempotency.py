"""A write that is sent twice with the same `Idempotency-Key` happens once and is answered alike."""

import functools
import hashlib
import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from api.models import AnsweredWrite
from clients.access import Verb, require
from clients.doors import Refused
from clients.errors import Conflict, DomainError, InvalidInput

HEADER = "Idempotency-Key"
KEPT = timedelta(hours=48)

Handler = Callable[..., Response]


def write(verb: Verb) -> Callable[[Handler], Handler]:
    """Run a writing handler in one transaction, once a key, for whoever's role includes the verb.

    Refusals are not kept: the same key may try again.
    """
    return functools.partial(_write, verb)


def _write(verb: Verb, handler: Handler) -> Handler:
    @functools.wraps(handler)
    def once(view: Any, request: Request, *args: Any, **kwargs: Any) -> Response:
        require(request.user, verb)
        try:
            with transaction.atomic():
                return _answer(view, request, *args, **kwargs)
        except (Refused, DomainError) as refused:
            if refused.note is not None:
                refused.note()  # the first note went with the transaction
            raise

    def _answer(view: Any, request: Request, *args: Any, **kwargs: Any) -> Response:
        key = request.headers.get(HEADER, "")
        if not key:
            return handler(view, request, *args, **kwargs)
        if len(key) > 80:
            raise InvalidInput(f"{HEADER} may have at most 80 characters.")
        row, is_new = _claim(request, key)
        if not is_new:
            return _replay(row, _fingerprint(request))
        response = handler(view, request, *args, **kwargs)
        row.status, row.body = response.status_code, JSONRenderer().render(response.data).decode()
        row.save(update_fields=["status", "body"])
        return response

    once.is_write = True
    return once


def _claim(request: Request, key: str) -> tuple[AnsweredWrite, bool]:
    """Take the key. A second request with it waits here until the first has committed or failed."""
    now = timezone.now()
    AnsweredWrite.objects.filter(user=request.user, at__lt=now - KEPT).delete()
    try:
        with transaction.atomic():
            fingerprint = _fingerprint(request)
            return AnsweredWrite.objects.create(
                user=request.user, key=key, fingerprint=fingerprint, at=now
            ), True
    except IntegrityError:
        return AnsweredWrite.objects.get(user=request.user, key=key), False


def _replay(row: AnsweredWrite, fingerprint: str) -> Response:
    if row.fingerprint != fingerprint:
        raise Conflict(f"This {HEADER} was used for another request. Take a new one.")
    response = Response(json.loads(row.body or "null"), status=row.status)
    response["Idempotent-Replay"] = "true"
    return response


def _fingerprint(request: Request) -> str:
    told = request.data
    if isinstance(told, dict):
        told = {key: value for key, value in told.items() if key != "password"}  # not even a hash of it
    words = json.dumps([request.method, request.path, told], sort_keys=True, default=str)
    return hashlib.sha256(words.encode()).hexdigest()
