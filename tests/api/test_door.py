"""Signing in, refusals in one shape, and writes that happen once."""

from datetime import timedelta

import pytest
from django.utils import timezone
from rest_framework.test import APIClient

from api.models import AnsweredWrite, ApiToken
from clients.models import AuditEvent, Client
from tests.api.conftest import caller

pytestmark = pytest.mark.django_db

CLIENTS = "/api/v1/clients/"


def test_without_a_token_the_door_stays_shut(alex):
    answer = APIClient().get(CLIENTS)
    assert answer.status_code == 401
    assert answer.json()["error"]["code"] == "not_authenticated"


@pytest.mark.parametrize("header", ["Bearer", "Bearer tn_wrong", "Bearer a b", "bearer "])
def test_a_wrong_token_is_refused_in_the_same_shape(alex, header):
    answer = APIClient(headers={"Authorization": header}).get(CLIENTS)
    assert answer.status_code == 401
    assert set(answer.json()["error"]) == {"code", "message", "fields"}


def test_a_token_is_stored_only_as_its_digest(dana):
    row, text = ApiToken.issue(user=dana, name="laptop", now=timezone.now())
    assert text.startswith("tn_")
    assert text not in str(ApiToken.objects.filter(pk=row.pk).values())


def test_giving_and_revoking_a_token_leaves_a_trail(dana):
    row, text = ApiToken.issue(user=dana, name="laptop", now=timezone.now())
    row.revoke(now=timezone.now())
    assert APIClient(headers={"Authorization": f"Bearer {text}"}).get(CLIENTS).status_code == 401
    trail = AuditEvent.objects.filter(verb__startswith="api.token").order_by("pk")
    assert [(one.verb, one.detail) for one in trail] == [
        ("api.token_given", {"user": dana.pk}),
        ("api.token_revoked", {"user": dana.pk}),
    ]


def test_a_token_stops_with_its_date_its_revocation_and_its_owner(dana, alex):
    now = timezone.now()
    row, text = ApiToken.issue(user=dana, name="laptop", now=now, expires_at=now + timedelta(hours=1))
    program = APIClient(headers={"Authorization": f"Bearer {text}"})
    assert program.get(CLIENTS).status_code == 200
    for change in ({"expires_at": now}, {"expires_at": None, "revoked_at": now}):
        ApiToken.objects.filter(pk=row.pk).update(**change)
        assert program.get(CLIENTS).status_code == 401
    ApiToken.objects.filter(pk=row.pk).update(revoked_at=None)
    dana.is_active = False
    dana.save()
    assert program.get(CLIENTS).status_code == 401


def test_a_session_opens_it_too_and_then_needs_the_csrf_token(dana, alex):
    program = APIClient(enforce_csrf_checks=True)
    program.force_login(dana)
    assert program.get(CLIENTS).status_code == 200
    assert program.post(CLIENTS, {"given_name": "Kim", "team": str(alex.team.uid)}).status_code == 403


@pytest.mark.parametrize("address", ["clients/not-a-uid/", "nowhere/", "clients"])
@pytest.mark.parametrize("method", ["get", "post", "delete"])
def test_an_address_that_does_not_exist_is_refused_in_the_same_shape(api, address, method):
    answer = getattr(api, method)(f"/api/v1/{address}")
    assert answer.status_code == 404
    assert answer.json()["error"]["code"] == "not_found"


def test_a_missing_field_is_named(api, team):
    answer = api.post(CLIENTS, {"team": str(team.uid)})
    assert answer.status_code == 400
    assert answer.json()["error"]["code"] == "invalid"
    assert "given_name" in answer.json()["error"]["fields"]


def test_what_the_domain_declines_names_its_field(api, alex):
    answer = api.post(f"{CLIENTS}{alex.uid}/contact-points/", {"kind": "mobile", "value": "12"})
    assert answer.status_code == 400
    assert list(answer.json()["error"]["fields"]) == ["value"]


def test_a_role_without_the_verb_gets_403_and_nothing_changes(audrey, alex):
    answer = caller(audrey).patch(f"{CLIENTS}{alex.uid}/", {"chosen_name": "Lex"})
    assert answer.status_code == 403
    assert answer.json()["error"]["code"] == "not_allowed"
    alex.refresh_from_db()
    assert alex.chosen_name == ""


def test_a_write_sent_twice_with_one_key_happens_once(api, team):
    body = {"given_name": "Kim", "team": str(team.uid)}
    first = api.post(CLIENTS, body, headers={"Idempotency-Key": "k-1"})
    second = api.post(CLIENTS, body, headers={"Idempotency-Key": "k-1"})
    assert (first.status_code, second.status_code) == (201, 201)
    assert first.json() == second.json()
    assert second["Idempotent-Replay"] == "true"
    assert Client.objects.filter(given_name="Kim").count() == 1


def test_one_key_cannot_serve_two_requests(api, team):
    headers = {"Idempotency-Key": "k-1"}
    api.post(CLIENTS, {"given_name": "Kim", "team": str(team.uid)}, headers=headers)
    answer = api.post(CLIENTS, {"given_name": "Lou", "team": str(team.uid)}, headers=headers)
    assert answer.status_code == 409
    assert not Client.objects.filter(given_name="Lou").exists()


def test_a_refused_write_leaves_its_key_free(api, team):
    headers = {"Idempotency-Key": "k-1"}
    assert api.post(CLIENTS, {"team": str(team.uid)}, headers=headers).status_code == 400
    assert api.post(CLIENTS, {"given_name": "Kim", "team": str(team.uid)}, headers=headers).status_code == 201


def test_a_key_of_81_characters_is_refused(api, team):
    answer = api.post(
        CLIENTS, {"given_name": "Kim", "team": str(team.uid)}, headers={"Idempotency-Key": "k" * 81}
    )
    assert answer.status_code == 400
    assert not AnsweredWrite.objects.exists()


def test_keys_of_two_people_do_not_meet(api, strange_api, team, robin):
    headers = {"Idempotency-Key": "k-1"}
    robins = robin.team_memberships.get().team
    for program, theirs in ((api, team), (strange_api, robins)):
        sent = {"given_name": "Kim", "team": str(theirs.uid)}
        assert program.post(CLIENTS, sent, headers=headers).status_code == 201
    assert Client.objects.filter(given_name="Kim").count() == 2


def test_the_answer_kept_for_a_key_is_not_readable_in_the_database(api, team):
    from django.db import connection

    api.post(CLIENTS, {"given_name": "Kimberley", "team": str(team.uid)}, headers={"Idempotency-Key": "k-1"})
    with connection.cursor() as cursor:
        cursor.execute("SELECT body FROM api_answeredwrite")
        assert b"Kimberley" not in bytes(cursor.fetchone()[0])


def test_a_list_of_clients_is_audited_with_whom_it_held(api, alex):
    api.get(CLIENTS)
    row = AuditEvent.objects.filter(verb="list.viewed").get()
    assert row.detail["ids"] == [alex.pk]


def test_pages_follow_by_cursor_and_repeat_nobody(api, dana, team):
    from tests import factories

    for number in range(5):
        factories.client_of(dana, team=team, given_name=f"Person {number}")
    seen, url = [], f"{CLIENTS}?page_size=2"
    while url:
        page = api.get(url).json()
        seen += [row["uid"] for row in page["results"]]
        url = page["next"]
    assert len(seen) == len(set(seen)) == 5
