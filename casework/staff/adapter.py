"""How people of the practice sign in: accounts are made for them, never by them."""

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from django.http import HttpRequest
from django.utils import timezone

from clients import audit


class StaffAdapter(DefaultAccountAdapter):
    """No sign-up; every sign-in is audited."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def post_login(self, request: HttpRequest, user: Any, **kwargs: Any) -> Any:
        response = super().post_login(request, user, **kwargs)
        audit.record("staff.signed_in", by=user, at=timezone.now())
        return response

    def authentication_failed(self, request: HttpRequest, **credentials: Any) -> None:
        super().authentication_failed(request, **credentials)
        audit.record("staff.sign_in_failed", by=None, at=timezone.now())
