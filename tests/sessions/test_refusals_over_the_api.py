"""The trail keeps refused attempts at notes also where a whole request is one transaction."""

import pytest
from rest_framework.test import APIClient

from clients.models import AuditEvent
from sessions.models import Note
from tests.sessions.conftest import WORDS


@pytest.fixture
def dana_calls(dana) -> APIClient:
    caller = APIClient()
    caller.force_authenticate(dana)
    return caller


def test_an_edit_of_a_signed_note_is_409_and_kept_once(dana_calls, dana, signed_note):
    answer = dana_calls.post(
        "/api/v1/notes/", {"session": str(signed_note.session.uid), "version": 1, "sections": {"data": "x"}}
    )
    assert answer.status_code == 409
    refused = AuditEvent.objects.get(verb="note.refused")
    assert (refused.actor_id, refused.client_id) == (dana.pk, signed_note.client_id)
    assert Note.objects.get().sections == WORDS


def test_signing_for_another_is_403_and_kept_once(sam, draft):
    caller = APIClient()
    caller.force_authenticate(sam)
    answer = caller.post("/api/v1/notes/", {"session": str(draft.session.uid), "version": 1, "sections": {}})
    assert answer.status_code == 403
    assert AuditEvent.objects.filter(verb="note.refused").count() == 1


def test_a_stale_draft_is_409_and_overwrites_nothing(dana_calls, draft):
    address = "/api/v1/notes/"
    answer = dana_calls.post(
        address, {"session": str(draft.session.uid), "version": 0, "sections": {"data": "Other"}}
    )
    assert answer.status_code == 409
    assert answer.json()["error"]["code"] == "stale_draft"
    assert Note.objects.get().sections == WORDS
