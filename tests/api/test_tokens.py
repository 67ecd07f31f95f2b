"""A token for a program is given, listed and ended by the operator."""

import re
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone
from rest_framework.test import APIClient

from api.models import ApiToken

pytestmark = pytest.mark.django_db


def told(*words, **options):
    out = StringIO()
    call_command("api_token", *words, stdout=out, stderr=StringIO(), **options)
    return out.getvalue().strip()


def reads(text):
    return APIClient(headers={"Authorization": f"Bearer {text}"}).get("/api/v1/clients/").status_code


def test_a_token_that_was_issued_opens_the_api_until_its_day(dana, alex):
    text = told(dana.email.upper(), name="scheduler", days=7)
    assert re.fullmatch(r"tn_\S{40,}", text)
    assert reads(text) == 200
    left = ApiToken.objects.get().expires_at - timezone.now()
    assert left.days == 6


def test_a_revoked_token_opens_nothing(dana, alex):
    text = told(dana.email, name="scheduler")
    number = told(dana.email, list=True).split()[0]
    told(dana.email, revoke=int(number))
    assert reads(text) == 401
    assert told(dana.email, list=True) == ""


def test_the_list_names_each_token_and_never_shows_it(dana):
    text = told(dana.email, name="scheduler")
    listed = told(dana.email, list=True)
    assert "scheduler" in listed
    assert text not in listed


def test_nobody_ends_a_token_under_another_name(dana, robin):
    told(dana.email, name="scheduler")
    with pytest.raises(CommandError, match="no token"):
        told(robin.email, revoke=ApiToken.objects.get().pk)
    assert ApiToken.objects.in_force(timezone.now()).exists()


@pytest.mark.parametrize(
    ("options", "why"),
    [({"name": " "}, "Name"), ({"name": "x" * 81}, "Name"), ({"name": "x", "days": 0}, "days")],
)
def test_what_makes_no_sense_issues_nothing(dana, options, why):
    with pytest.raises(CommandError, match=why):
        told(dana.email, **options)
    assert not ApiToken.objects.exists()


def test_only_those_who_work_here_get_one(dana):
    with pytest.raises(CommandError, match="Nobody"):
        told("nobody@example.org", name="x")
    dana.is_active = False
    dana.save()
    with pytest.raises(CommandError, match="switched off"):
        told(dana.email, name="x")
