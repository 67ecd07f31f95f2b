"""Clients through the second door: the same acts, the same visibility."""

import pytest
from django.utils import timezone

from casework.followup.actions.merging import merge_clients
from clients.models import AuditEvent, Client
from tests import factories
from tests.api.conftest import caller

pytestmark = pytest.mark.django_db

CLIENTS = "/api/v1/clients/"


def test_a_registered_client_belongs_to_the_counselor_who_registered(api, dana, team):
    made = api.post(
        CLIENTS, {"given_name": "Kim", "team": str(team.uid), "time_zone": "America/Denver"}
    ).json()
    client = Client.objects.get(uid=made["uid"])
    assert client.primary_counselor == dana
    assert made["record_number"].startswith("T-")
    assert api.get(f"{CLIENTS}{made['uid']}/").json()["summary"]["open_todos"] == 0


def test_an_unknown_time_zone_is_refused(api, team):
    answer = api.post(CLIENTS, {"given_name": "Kim", "team": str(team.uid), "time_zone": "Mars/Base"})
    assert "time_zone" in answer.json()["error"]["fields"]


def test_a_stranger_gets_404_everywhere_and_changes_nothing(strange_api, alex):
    before = Client.objects.filter(pk=alex.pk).values().get()
    base = f"{CLIENTS}{alex.uid}/"
    assert strange_api.get(base).status_code == 404
    assert strange_api.patch(base, {"chosen_name": "X"}).status_code == 404
    for part in ("contact-points", "permissions", "substances", "episodes", "care-team"):
        assert strange_api.get(f"{base}{part}/").status_code == 404
    assert Client.objects.filter(pk=alex.pk).values().get() == before
    refused = AuditEvent.objects.filter(verb="access.refused")
    assert refused.count() == 7
    assert refused.first().detail["uid"] == str(alex.uid)


def test_a_404_says_nothing_about_the_client(strange_api, alex):
    answer = strange_api.get(f"{CLIENTS}{alex.uid}/")
    assert b"Moreno" not in answer.content
    assert b"Alex" not in answer.content


def test_reading_a_client_is_audited(api, alex):
    api.get(f"{CLIENTS}{alex.uid}/")
    assert AuditEvent.objects.filter(verb="record.viewed", client_id=alex.pk).count() == 1


def test_search_finds_by_name_phone_and_record_number_only_what_is_visible(api, strange_api, alex):
    phone = alex.contact_points.get().value
    for words in ("moreno", "ALEX mor", phone, alex.record_number):
        assert [row["uid"] for row in api.get(CLIENTS, {"q": words}).json()["results"]] == [str(alex.uid)]
        assert strange_api.get(CLIENTS, {"q": words}).json()["results"] == []
    assert api.get(CLIENTS, {"q": "nobody"}).json()["results"] == []
    assert api.get(CLIENTS, {"q": ""}).json()["results"] == []


def test_what_was_searched_for_is_not_kept_in_the_trail(api, alex):
    api.get(CLIENTS, {"q": "moreno"})
    assert "moreno" not in str(AuditEvent.objects.filter(verb="list.viewed").get().detail)


def test_several_substances_and_one_primary(api, alex):
    base = f"{CLIENTS}{alex.uid}/substances/"
    api.post(base, {"substance": "clonazepam", "is_primary": True})
    api.post(base, {"substance": "heroin", "is_primary": True, "route": "nasal"})
    rows = {row["substance"]: row["is_primary"] for row in api.get(base).json()}
    assert rows == {"clonazepam": False, "heroin": True}


def test_use_that_ends_before_it_began_is_refused(api, alex):
    body = {"substance": "alcohol", "first_used_on": "2026-02-01", "last_used_on": "2026-01-01"}
    answer = api.post(f"{CLIENTS}{alex.uid}/substances/", body)
    assert list(answer.json()["error"]["fields"]) == ["last_used_on"]


def test_the_administrator_sees_an_empty_list(ada, alex):
    assert caller(ada).get(CLIENTS).json()["results"] == []


def test_permissions_are_separate_records(api, alex):
    base = f"{CLIENTS}{alex.uid}/permissions/"
    api.post(base, {"channel": "call", "version": "2", "language": "es"})
    rows = {row["channel"]: row["version"] for row in api.get(base).json()}
    assert rows == {"text": "1", "call": "2"}


def test_admitting_twice_is_a_conflict(api, alex):
    base = f"{CLIENTS}{alex.uid}/episodes/"
    assert api.post(base, {"admitted_on": "2026-01-05"}).status_code == 201
    assert api.post(base, {"admitted_on": "2026-01-06"}).status_code == 409


def test_a_program_finds_the_teams_into_which_it_may_take_clients(api, strange_api, team):
    assert api.get("/api/v1/teams/").json()["results"] == [{"uid": str(team.uid), "name": team.name}]
    assert strange_api.get(f"/api/v1/teams/{team.uid}/").status_code == 404


def test_the_catalogue_shows_no_street_names(api):
    row = api.get("/api/v1/substances/clonazepam/").json()
    assert row["klass"] == "sedative"
    assert "street_names" not in row


def test_a_client_is_paused_and_resumed(api, alex):
    base = f"{CLIENTS}{alex.uid}/"
    today = timezone.localdate(timezone.now(), alex.zone).isoformat()
    paused = api.post(f"{base}pause/", {"reason": "hospital", "on": today}).json()
    assert (paused["state"], paused["state_reason"], paused["state_on"]) == ("paused", "hospital", today)
    resumed = api.post(f"{base}resume/", {"on": today}).json()
    assert (resumed["state"], resumed["summary"]["open_todos"]) == ("active", 1)
    assert api.post(f"{base}resume/", {"on": today}).status_code == 409


def test_a_client_is_handed_over_with_a_word_for_the_next_counselor(api, alex, sam, team):
    lee = factories.counselor("Lee Osei", team=team)
    address = f"{CLIENTS}{alex.uid}/transfer/"
    assert api.post(address, {"counselor": str(lee.uid), "note": "x"}).status_code == 403
    supervising = caller(sam)
    wordless = supervising.post(address, {"counselor": str(lee.uid)})
    assert "note" in wordless.json()["error"]["fields"]
    assert supervising.post(address, {"counselor": str(lee.uid), "note": "Mornings"}).status_code == 200
    assert alex.primary_counselor == lee


def test_only_a_change_of_guardian_pauses_for_the_consent(api, alex):
    answer = api.post(f"{CLIENTS}{alex.uid}/pause/", {"reason": "consent", "on": "2026-01-01"})
    assert "reason" in answer.json()["error"]["fields"]


def test_the_lists_below_a_client_hold_what_a_merged_record_brought(api, alex, sam, dana, team):
    twin = factories.client_of(dana, team=team, given_name="Al")
    factories.EpisodeOfCareFactory(client=twin)
    merge_clients(survivor_id=alex.pk, merged_id=twin.pk, reason="Same", by=sam, now=timezone.now())
    for part, count in (("contact-points", 2), ("permissions", 2), ("episodes", 1), ("substances", 0)):
        assert len(api.get(f"{CLIENTS}{alex.uid}/{part}/").json()) == count
    assert api.get(f"{CLIENTS}{twin.uid}/").status_code == 308
    changed = api.patch(f"{CLIENTS}{twin.uid}/", {"chosen_name": "Lex"}).json()
    assert (changed["uid"], changed["chosen_name"]) == (str(alex.uid), "Lex")


def test_a_pause_for_no_reason_is_refused(api, alex):
    answer = api.post(f"{CLIENTS}{alex.uid}/pause/", {"reason": "fed up", "on": "2026-01-01"})
    assert "reason" in answer.json()["error"]["fields"]
