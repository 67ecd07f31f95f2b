"""What makes no sense is declined in the one shape, and never breaks anything."""

from uuid import uuid4

import pytest
from django.utils import timezone

from clients.models import AuditEvent, Client
from tests.api.conftest import caller
from tests.desk.conftest import answer

pytestmark = pytest.mark.django_db

COLLECTIONS = [
    "clients",
    "sessions",
    "notes",
    "assessments",
    "reports",
    "plans",
    "messages",
    "todos",
    "contacts",
]


def declined(answer, *statuses):
    assert answer.status_code in statuses, answer.content
    assert set(answer.json()["error"]) == {"code", "message", "fields"}


@pytest.mark.parametrize("cursor", ["abc", "cD1hYmM=", "cD0lMDA=", "cD05OTk5OTk5OTk5OTk5OTk5OTk5OTk5"])
@pytest.mark.parametrize("rows", [*COLLECTIONS, "answers", "substances"])
def test_a_cursor_that_no_answer_held_is_not_found(api, alex, rows, cursor):
    declined(api.get(f"/api/v1/{rows}/?cursor={cursor}"), 404)


@pytest.mark.parametrize("words", ["cursor=%00", "state=%00"])
def test_a_character_that_no_column_holds_is_declined(api, alex, words):
    declined(api.get(f"/api/v1/clients/?{words}"), 400)


@pytest.mark.parametrize("rows", COLLECTIONS)
def test_a_filter_that_the_list_does_not_have_is_not_kept_in_the_trail(api, alex, rows):
    assert api.get(f"/api/v1/{rows}/?stray=%00&plan=%00").status_code == 200
    assert AuditEvent.objects.filter(verb="list.viewed").latest("at").detail["filters"] == {}


def test_the_trail_keeps_whose_records_a_list_was_asked_for(api, alex):
    api.get(f"/api/v1/todos/?client__uid={alex.uid}")
    seen = AuditEvent.objects.filter(verb="list.viewed").latest("at")
    assert seen.detail["filters"] == {"client__uid": str(alex.uid)}


def test_an_impossible_substance_is_not_there(api):
    declined(api.get("/api/v1/substances/a%00b/"), 400, 404)


@pytest.mark.parametrize(
    "body", ["[" * 100_000, '{"a":' * 100_000, "{bad", "\udcff", "NaN", '{"a":' + "9" * 5000 + "}"]
)
def test_json_that_cannot_be_read_is_declined(api, team, body):
    sent = body.encode(errors="surrogateescape")
    declined(api.post("/api/v1/clients/", sent, content_type="application/json"), 400)
    assert not Client.objects.exists()


def test_a_substance_with_an_impossible_name_is_declined(api, alex):
    use = {"use_type": "alcohol", "days": ["2026-01-02"], "substance": "a\x00"}
    told = {"client": str(alex.uid), "stage": "physical", "source": "self_call", "use": use}
    declined(api.post("/api/v1/reports/", told), 400)


def test_a_source_of_a_sign_is_one_of_the_catalogue(api, alex):
    signs = [{"code": "E01", "severity": 1, "sources": ["gossip"]}]
    sheet = {"client": str(alex.uid), "counselor_stage": "emotional", "signs": signs}
    declined(api.post("/api/v1/assessments/", sheet), 400)


@pytest.mark.parametrize(
    ("rows", "facts"),
    [
        ("reports", {"stage": "mental", "source": "self_call"}),
        ("assessments", {"counselor_stage": "none"}),
        ("contacts", {"channel": "phone", "outcome": "no_answer"}),
        ("sessions", {"starts_at": "2026-12-01T10:00Z", "ends_at": "2026-12-01T11:00Z"}),
    ],
)
def test_a_strangers_client_and_no_client_are_answered_alike(strange_api, alex, rows, facts):
    theirs = strange_api.post(f"/api/v1/{rows}/", {"client": str(alex.uid), **facts})
    nobodys = strange_api.post(f"/api/v1/{rows}/", {"client": str(uuid4()), **facts})
    declined(theirs, 404)
    assert (theirs.status_code, theirs.json()) == (nobodys.status_code, nobodys.json())


def test_nobody_takes_a_client_into_a_team_that_is_not_theirs(strange_api, team):
    answer = strange_api.post("/api/v1/clients/", {"given_name": "Kim", "team": str(team.uid)})
    declined(answer, 400)
    assert list(answer.json()["error"]["fields"]) == ["team"]
    assert not Client.objects.exists()


def test_whoever_may_not_read_the_inbox_sees_that_a_client_wrote_and_not_what(api, audrey, alex):
    answer(alex, at=timezone.now(), body="Please call me")
    assert api.get("/api/v1/answers/").json()["results"][0]["body"] == "Please call me"
    (seen,) = caller(audrey).get("/api/v1/answers/").json()["results"]
    assert seen["body"] is None
