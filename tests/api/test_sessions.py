"""Sessions and notes through the second door."""

from datetime import timedelta

import pytest
from django.utils import timezone

from clients.models import AuditEvent
from sessions.models import Note, Session
from tests import factories
from tests.api.conftest import PASSWORD, caller

pytestmark = pytest.mark.django_db

SESSIONS, NOTES = "/api/v1/sessions/", "/api/v1/notes/"
DAP = {
    "data": "Talked about the week.",
    "assessment": "Steady.",
    "plan": "Meet again on Tuesday.",
    "risk": "none",
}


@pytest.fixture
def held(api, alex):
    """A session held an hour ago, through the API alone."""
    now = timezone.now()
    body = {
        "client": str(alex.uid),
        "starts_at": (now - timedelta(hours=2)).isoformat(),
        "ends_at": (now - timedelta(hours=1)).isoformat(),
    }
    made = api.post(SESSIONS, body).json()
    closed = api.post(f"{SESSIONS}{made['uid']}/close/", {"outcome": "attended"})
    assert closed.status_code == 200, closed.json()
    return closed.json()


def draft(api, held, version=0, **sections):
    return api.post(
        NOTES, {"session": held["uid"], "version": version, "format": "dap", "sections": sections or DAP}
    )


def test_a_session_is_planned_held_and_counts(api, held, alex):
    assert held["state"] == "attended"
    alex.summary.refresh_from_db()
    assert alex.summary.sessions_attended == 1
    assert alex.summary.last_contact_at is not None


def test_a_second_session_at_the_same_time_is_a_conflict(api, held, alex):
    body = {"client": str(alex.uid), "starts_at": held["starts_at"], "ends_at": held["ends_at"]}
    answer = api.post(SESSIONS, body)
    assert answer.status_code == 409
    assert list(answer.json()["error"]["fields"]) == ["starts_at"]


def test_a_session_for_a_strangers_client_cannot_be_planned(strange_api, alex):
    body = {"client": str(alex.uid), "starts_at": "2030-01-07T15:00:00Z", "ends_at": "2030-01-07T16:00:00Z"}
    assert strange_api.post(SESSIONS, body).status_code == 404
    assert not Session.objects.exists()


def test_cancelling_in_time_is_no_late_cancellation(api, alex):
    body = {"client": str(alex.uid), "starts_at": "2030-01-07T15:00:00Z", "ends_at": "2030-01-07T16:00:00Z"}
    made = api.post(SESSIONS, body).json()
    answer = api.post(f"{SESSIONS}{made['uid']}/cancel/", {"cancelled_for": "client"}).json()
    assert answer["state"] == "cancelled"


def test_a_note_is_drafted_signed_and_then_only_added_to(api, held):
    note = draft(api, held).json()
    assert (note["state"], note["version"]) == ("draft", 1)
    signed = api.post(f"{NOTES}{note['uid']}/sign/", {"version": 1, "password": PASSWORD})
    assert signed.status_code == 200, signed.json()
    assert len(signed.json()["content_hash"]) == 64
    again = draft(api, held, 1, data="Other words", assessment="x", plan="y")
    assert again.status_code == 409
    added = api.post(
        f"{NOTES}{note['uid']}/addenda/",
        {"text": "One more thing.", "reason": "Forgotten", "password": PASSWORD},
    )
    assert added.status_code == 201
    assert [one["text"] for one in added.json()["addenda"]] == ["One more thing."]
    assert Note.objects.get(uid=note["uid"]).is_intact


def test_a_stale_version_is_a_conflict_and_overwrites_nothing(api, held):
    draft(api, held)
    draft(api, held, 1, data="Second", assessment="x", plan="y")
    answer = draft(api, held, 1, data="Third", assessment="x", plan="y")
    assert answer.status_code == 409
    assert Note.objects.get().sections["data"] == "Second"


def test_an_incomplete_note_cannot_be_signed(api, held):
    note = draft(api, held, data="Only this").json()
    answer = api.post(f"{NOTES}{note['uid']}/sign/", {"version": 1, "password": PASSWORD})
    assert answer.status_code == 400
    assert list(answer.json()["error"]["fields"]) == ["assessment"]


def test_a_list_of_notes_never_holds_their_words(api, held):
    draft(api, held)
    row = api.get(NOTES).json()["results"][0]
    assert "sections" not in row


def test_a_draft_is_its_authors_alone(api, held, sam, strange_api):
    note = draft(api, held).json()
    assert caller(sam).get(f"{NOTES}{note['uid']}/").status_code == 404
    assert strange_api.get(f"{NOTES}{note['uid']}/").status_code == 404
    api.post(f"{NOTES}{note['uid']}/sign/", {"version": 1, "password": PASSWORD})
    assert caller(sam).get(f"{NOTES}{note['uid']}/").json()["sections"] == DAP


# --- the life of a note ---


@pytest.fixture
def tess(team):
    return factories.counselor("Tess Imani", team=team, is_trainee=True)


@pytest.fixture
def trainee_api(tess, alex):
    factories.assign(alex, tess, role="covering")
    return caller(tess)


@pytest.fixture
def waiting(trainee_api, alex):
    """A trainee's note, signed through the API."""
    now = timezone.now()
    body = {
        "client": str(alex.uid),
        "starts_at": (now - timedelta(hours=5)).isoformat(),
        "ends_at": (now - timedelta(hours=4)).isoformat(),
    }
    made = trainee_api.post(SESSIONS, body).json()
    trainee_api.post(f"{SESSIONS}{made['uid']}/close/", {"outcome": "attended"})
    note = draft(trainee_api, made).json()
    return trainee_api.post(f"{NOTES}{note['uid']}/sign/", {"version": 1, "password": PASSWORD}).json()


def test_a_header_goes_in_and_comes_back(api, held):
    body = {"session": held["uid"], "version": 0, "format": "girp", "sections": {"goal": "Sleep"}}
    body["header"] = {"service_type": "crisis", "place": "On a walk", "roles": ["client", "family"]}
    note = api.post(NOTES, body).json()
    assert note["format"] == "girp"
    header = note["header"]
    assert (header["service_type"], header["place"], header["roles"]) == (
        "crisis",
        "On a walk",
        ["client", "family"],
    )
    assert header["minutes"] == 60  # as the session has it
    body["header"]["roles"] = ["dog"]
    assert api.post(NOTES, body).status_code == 400


def test_a_wrong_password_signs_nothing(api, held):
    note = draft(api, held).json()
    for body in ({"version": 1, "password": "nonsense"}, {"version": 1}):
        answer = api.post(f"{NOTES}{note['uid']}/sign/", body)
        assert answer.status_code == 400
        assert "password" in answer.json()["error"]["fields"]
    assert Note.objects.get().state == "draft"
    assert AuditEvent.objects.filter(verb="signature.not_proven").count() == 1


def test_the_password_is_no_part_of_what_is_remembered_of_a_write(api, held):
    note = draft(api, held).json()
    address, key = f"{NOTES}{note['uid']}/sign/", {"HTTP_IDEMPOTENCY_KEY": "k1"}
    first = api.post(address, {"version": 1, "password": PASSWORD}, **key)
    again = api.post(address, {"version": 1, "password": "another"}, **key)
    assert (first.status_code, again.status_code) == (200, 200)
    assert again.headers["Idempotent-Replay"] == "true"


def test_a_supervisor_co_signs_through_the_api(waiting, sam):
    assert waiting["state"] == "needs_cosign"
    sams = caller(sam)
    assert [row["uid"] for row in sams.get(f"{NOTES}?state=needs_cosign").json()["results"]] == [
        waiting["uid"]
    ]
    answer = sams.post(f"{NOTES}{waiting['uid']}/cosign/", {"version": 1, "password": PASSWORD})
    assert answer.status_code == 200, answer.json()
    assert [row["meaning"] for row in answer.json()["signatures"]] == ["author", "cosigner"]
    assert answer.json()["state"] == "final"


def test_or_sends_it_back_and_the_author_revises_it(waiting, sam, trainee_api):
    answer = caller(sam).post(f"{NOTES}{waiting['uid']}/return/", {"version": 1, "comment": "Say who came."})
    assert (answer.status_code, answer.json()["state"]) == (200, "returned")
    assert "sections" not in answer.json()
    assert caller(sam).get(f"{NOTES}{waiting['uid']}/").status_code == 404
    session = {"uid": waiting["session"]}
    assert (
        draft(trainee_api, session, 2, data="Other", assessment="x", plan="y", risk="none").status_code == 200
    )


def test_a_counselor_co_signs_and_voids_nothing_through_the_api(waiting, api):
    for act, body in (
        ("cosign", {"version": 1, "password": PASSWORD}),
        ("return", {"version": 1, "comment": "x"}),
        ("void", {"kind": "duplicate", "reason": "x"}),
    ):
        assert api.post(f"{NOTES}{waiting['uid']}/{act}/", body).status_code == 403


def test_a_note_is_voided_and_a_draft_deleted_through_the_api(api, held, sam, waiting):
    answer = caller(sam).post(f"{NOTES}{waiting['uid']}/void/", {"kind": "duplicate", "reason": "Twice"})
    assert (answer.status_code, answer.json()["void_kind"]) == (200, "duplicate")
    mine = draft(api, held).json()
    assert api.delete(f"{NOTES}{mine['uid']}/").status_code == 204
    assert api.get(f"{NOTES}{mine['uid']}/").status_code == 404
