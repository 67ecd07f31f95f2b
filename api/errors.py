"""Every refusal in one shape: {"error": {"code", "message", "fields"}}."""

from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import DataError
from django.http import Http404
from django.utils.translation import gettext as _
from rest_framework import exceptions, status
from rest_framework.response import Response
from rest_framework.views import exception_handler

from clients import errors
from clients.doors import Moved

STATUS: dict[type[errors.DomainError], int] = {
    errors.InvalidInput: status.HTTP_400_BAD_REQUEST,
    errors.InvalidTransition: status.HTTP_409_CONFLICT,
    errors.Conflict: status.HTTP_409_CONFLICT,
    errors.NotAllowed: status.HTTP_403_FORBIDDEN,
}


def body(code: str, message: str, fields: Any = None) -> dict[str, Any]:
    """The one shape."""
    return {"error": {"code": code, "message": message, "fields": fields or {}}}


def handler(error: Exception, context: dict[str, Any]) -> Response | None:
    """Turn what the domain, the framework or a serializer raised into an answer."""
    if isinstance(error, Moved):
        return Response(status=status.HTTP_308_PERMANENT_REDIRECT, headers={"Location": error.location})
    if isinstance(error, errors.DomainError):
        fields = {error.field: [str(error)]} if error.field else {}
        return Response(body(error.code, str(error), fields), status=_status(error))
    if isinstance(error, DataError):  # a character or a number that no column can hold
        error = exceptions.ValidationError(_("A value holds something that cannot be stored."))
    answer = exception_handler(error, context)
    if answer is None:
        return None
    if isinstance(error, exceptions.ValidationError):
        fields = answer.data if isinstance(answer.data, dict) else {"non_field_errors": answer.data}
        answer.data = body("invalid", "Some fields need another value.", fields)
    else:
        answer.data = body(_code(error), str(answer.data.get("detail", "")))
    return answer


def _status(error: errors.DomainError) -> int:
    kinds = (STATUS[kind] for kind in type(error).__mro__ if kind in STATUS)
    return next(kinds, status.HTTP_400_BAD_REQUEST)


def _code(error: Exception) -> str:
    if isinstance(error, Http404):
        return "not_found"
    if isinstance(error, PermissionDenied):
        return "not_allowed"
    return str(getattr(error, "default_code", "error"))
