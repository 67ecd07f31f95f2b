"""Programs that knock at the second door."""

import pytest
from django.utils import timezone
from rest_framework.test import APIClient

from api.models import ApiToken
from casework.staff.models import User


def caller(user) -> APIClient:
    """A program that carries a token of `user`."""
    _row, text = ApiToken.issue(user=user, name="test", now=timezone.now())
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {text}")
    return client


PASSWORD = "a pass phrase that everybody has"


@pytest.fixture(autouse=True)
def _known_password(monkeypatch: pytest.MonkeyPatch) -> None:
    """Signing asks for it."""
    real = User.check_password
    monkeypatch.setattr(User, "check_password", lambda self, raw: raw == PASSWORD or real(self, raw))


@pytest.fixture
def api(dana) -> APIClient:
    return caller(dana)


@pytest.fixture
def strange_api(robin) -> APIClient:
    return caller(robin)
