"""Measures through the second door."""

import pytest

from casework.measures.models import MeasureResult
from clients.models import ClientLink
from tests.api.conftest import caller

pytestmark = pytest.mark.django_db
RESULTS, REQUESTS = "/api/v1/measure-results/", "/api/v1/measure-requests/"
HIGH = {str(n): 2 for n in range(1, 10)}


def test_what_can_be_given_is_listed_with_whose_it_is(api):
    listed = {one["key"]: one for one in api.get("/api/v1/measures/").json()}
    assert {"phq9", "gad7", "pcl5", "audit_c", "bam", "bam_r", "taps", "ciwa_b"} <= set(listed)
    assert listed["phq9"]["languages"] == ["en", "es"]
    assert "Pfizer" in listed["phq9"]["source"]


def test_a_result_is_kept_scored_and_read(api, alex):
    made = api.post(RESULTS, {"client": str(alex.uid), "measure": "phq9", "answers": HIGH})
    assert made.status_code == 201, made.json()
    said = made.json()
    assert (said["scores"]["total"], said["bands"]["total"], said["rules"]) == (18, "moderately_severe", 1)
    assert "self_harm" in said["flags"]
    assert said["answers"] == HIGH
    row = api.get(RESULTS, {"measure": "phq9"}).json()["results"][0]
    assert row["scores"]["total"] == 18
    assert "answers" not in row


def test_an_incomplete_result_has_null_scores(api, alex):
    said = api.post(RESULTS, {"client": str(alex.uid), "measure": "gad7", "answers": {"1": 3}}).json()
    assert said["scores"] == {"total": None}


@pytest.mark.parametrize(
    "wrong", [{"1": 4}, {"1": -1}, {"1": "2"}, {"1": True}, {"1": 1.5}, {"12": 1}, {"1": [1]}, {}]
)
def test_what_cannot_be_answered_is_refused_and_nothing_is_kept(api, alex, wrong):
    said = api.post(RESULTS, {"client": str(alex.uid), "measure": "gad7", "answers": wrong})
    assert said.status_code == 400
    assert not MeasureResult.objects.exists()


def test_a_score_from_paper_is_entered(api, alex):
    body = {"client": str(alex.uid), "measure": "css", "scores": {"total": 30}}
    assert api.post(RESULTS, body).json()["mode"] == "entry"
    assert api.post(RESULTS, body | {"scores": {"total": 31}}).status_code == 400
    assert api.post(RESULTS, body | {"measure": "ciwa_b"}).status_code == 403


def test_nobody_says_through_the_api_that_a_phone_answered(api, alex):
    body = {"client": str(alex.uid), "measure": "gad7", "answers": {"1": 0}, "mode": "phone"}
    assert api.post(RESULTS, body).status_code == 400


def test_a_mistake_is_voided_with_a_reason(api, alex):
    made = api.post(RESULTS, {"client": str(alex.uid), "measure": "phq9", "answers": HIGH}).json()
    assert api.post(f"{RESULTS}{made['uid']}/void/", {}).status_code == 400
    said = api.post(f"{RESULTS}{made['uid']}/void/", {"reason": "Wrong client"}).json()
    assert said["voided_at"]
    assert said["void_reason"] == "Wrong client"
    assert api.post(f"{RESULTS}{made['uid']}/void/", {"reason": "Again"}).status_code == 409


def test_a_phone_is_asked_and_the_address_is_told_to_nobody(api, alex):
    said = api.post(REQUESTS, {"client": str(alex.uid), "measures": ["phq9", "bam"]})
    assert said.status_code == 201, said.json()
    assert said.json()["left"] == ["phq9", "bam"]
    assert "/l/" not in said.content.decode()
    assert ClientLink.objects.count() == 1
    assert api.post(REQUESTS, {"client": str(alex.uid), "measures": ["css"]}).status_code == 400


def test_robin_finds_nothing_of_alexs(api, alex, robin):
    made = api.post(RESULTS, {"client": str(alex.uid), "measure": "phq9", "answers": HIGH}).json()
    stranger = caller(robin)
    assert stranger.get(f"{RESULTS}{made['uid']}/").status_code == 404
    assert stranger.get(RESULTS).json()["results"] == []
    body = {"client": str(alex.uid), "measure": "phq9", "answers": HIGH}
    assert stranger.post(RESULTS, body).status_code == 404
