"""Keeping what was answered: nothing guessed, nothing overwritten, nothing in the clear."""

from dataclasses import replace
from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction

from casework.measures import definitions, lower, packs
from casework.measures.entering import may_enter
from casework.measures.models import MeasureRequest, MeasureResult, Scoring
from clients import audit, links
from clients.errors import Conflict, InvalidInput, NotAllowed
from clients.models import AuditEvent, Client, ClientLink
from sessions.models import Session
from tests import factories
from tests.conftest import NOW
from tests.measures.conftest import DAY, QUIET

pytestmark = pytest.mark.django_db
HIGH = {str(n): 2 for n in range(1, 10)}
CALM = {str(n): 0 for n in range(1, 8)}


def test_a_result_keeps_who_when_how_and_by_which_rules(give, alex, dana):
    result = give(answers=HIGH, mode="interview", respondent="client", taken_at=NOW - DAY)
    assert (result.client, result.recorded_by, result.recorded_at, result.taken_at) == (
        alex,
        dana,
        NOW,
        NOW - DAY,
    )
    assert (result.measure, result.version, result.language) == ("phq9", "PHQ-9 en-US / es-US", "en")
    assert (result.respondent, result.mode) == ("client", "interview")
    scored = result.scored
    assert (scored.rules, scored.scores["total"], scored.bands["total"]) == (1, 18, "moderately_severe")
    assert scored.alarms == ["self_harm"]
    assert result.items == HIGH


def test_the_answers_are_not_to_be_read_in_the_database(give):
    give(answers=HIGH)
    with connection.cursor() as cursor:
        cursor.execute("SELECT answers FROM measures_measureresult")
        kept = bytes(cursor.fetchone()[0])
    assert b"items" not in kept
    assert b'"9"' not in kept


def test_an_incomplete_result_is_kept_without_a_score(give):
    result = give(answers={"1": 3, "9": 1})
    assert result.scored.scores["total"] is None
    assert result.scored.bands == {}
    assert result.scored.alarms == ["self_harm"]


def test_an_empty_sheet_is_not_kept(give):
    with pytest.raises(InvalidInput, match="at least one"):
        give(answers={})
    assert not MeasureResult.objects.exists()


def test_a_wrong_answer_keeps_nothing_at_all(give):
    with pytest.raises(InvalidInput) as error:
        give(answers=QUIET | {"3": 4})
    assert error.value.field == "3"
    assert not MeasureResult.objects.exists()
    assert not Scoring.objects.exists()


def test_a_result_and_its_trail_are_one(give, monkeypatch):
    monkeypatch.setattr(audit, "record", lambda *a, **k: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        give()
    assert not MeasureResult.objects.exists()


def test_the_trail_names_the_measure_and_no_answer(give, alex, dana):
    give(answers=HIGH)
    row = AuditEvent.objects.get(verb="measure.given")
    assert (row.actor_id, row.client_id) == (dana.pk, alex.pk)
    assert row.detail == {"measure": "phq9", "mode": "interview"}


@pytest.mark.parametrize("change", [{"measure": "gad7"}, {"taken_at": NOW - DAY}, {"language": "es"}])
def test_nobody_changes_a_result_not_even_in_the_database(give, change):
    rows = MeasureResult.objects.filter(pk=give().pk)
    with pytest.raises(IntegrityError, match="it can be voided"), transaction.atomic():
        rows.update(**change)
    with pytest.raises(IntegrityError, match="it can be voided"), transaction.atomic():
        rows._raw_delete(rows.db)


def test_a_reckoning_is_never_changed_in_the_database(give):
    result = give()
    with pytest.raises(IntegrityError, match="only ever added"), transaction.atomic():
        Scoring.objects.filter(result=result).update(scores={"total": 1})
    with pytest.raises(IntegrityError, match="only ever added"), transaction.atomic():
        Scoring.objects.filter(result=result).delete()


def test_scoring_anew_adds_a_row_and_leaves_the_old_one(give, dana, monkeypatch):
    result = give(answers=HIGH)
    with pytest.raises(Conflict, match="present rules"):
        lower.rescore(result_id=result.pk, by=dana, now=NOW)
    newer = replace(definitions.own()["phq9"], rules=2, flags=())
    monkeypatch.setattr(packs, "usable", lambda at: {"phq9": newer})
    lower.rescore(result_id=result.pk, by=dana, now=NOW + DAY)
    result.refresh_from_db()
    old, new = result.scorings.all()
    assert (old.rules, old.alarms, new.rules, new.alarms) == (1, ["self_harm"], 2, [])
    assert (old.scored_at, new.scored_at) == (NOW, NOW + DAY)
    assert result.scored == new
    assert result.items == HIGH


def test_a_mistake_is_voided_with_a_reason_and_stays(give, dana):
    result = give()
    with pytest.raises(InvalidInput, match="what was wrong"):
        lower.void(result_id=result.pk, reason=" ", by=dana, now=NOW)
    lower.void(result_id=result.pk, reason="Another client's", by=dana, now=NOW)
    assert not MeasureResult.objects.standing().exists()
    kept = MeasureResult.objects.get()
    assert (kept.voided_by, kept.void_reason, kept.is_standing) == (dana, "Another client's", False)
    with pytest.raises(Conflict, match="already"):
        lower.void(result_id=result.pk, reason="Again", by=dana, now=NOW)


def test_a_result_cannot_be_unvoided(give, dana):
    result = give()
    lower.void(result_id=result.pk, reason="Wrong", by=dana, now=NOW)
    with pytest.raises(IntegrityError, match="it can be voided"), transaction.atomic():
        MeasureResult.objects.filter(pk=result.pk).update(voided_at=None, voided_by=None)


def test_nothing_is_given_tomorrow(give):
    with pytest.raises(InvalidInput, match="future") as error:
        give(taken_at=NOW + timedelta(minutes=1))
    assert error.value.field == "taken_at"


@pytest.mark.parametrize("who", ["audrey", "ada"])
def test_who_only_reads_or_administers_gives_no_measure(give, alex, who, request):
    user = request.getfixturevalue(who)
    for act in (
        lambda: give(by=user),
        lambda: lower.ask(client_id=alex.pk, measures=["phq9"], by=user, now=NOW),
    ):
        with pytest.raises(NotAllowed):
            act()


def test_a_measure_that_is_not_there_is_refused(give):
    with pytest.raises(InvalidInput, match="not in use") as error:
        give("dast10", {"1": 1})
    assert error.value.field == "measure"


def test_a_session_of_another_client_is_refused(give, alex, dana, team):
    other = factories.client_of(dana, team=team)
    own, theirs = (
        Session.objects.create(
            client=one, counselor=dana, scheduled_at=NOW, starts_at=start, ends_at=start + timedelta(hours=1)
        )
        for one, start in ((alex, NOW), (other, NOW + DAY))
    )
    assert give(session_id=own.pk).session == own
    with pytest.raises(InvalidInput, match="another client"):
        give(session_id=theirs.pk)


def test_sex_is_kept_with_the_answers_where_a_limit_depends_on_it(give):
    three = {"1": 3, "2": 0, "3": 0}
    assert "positive" not in give("audit_c", three, sex="man").scored.flags
    assert "positive" in give("audit_c", three).scored.flags
    assert give("audit_c", three, sex="woman").given["sex"] == "woman"
    with pytest.raises(InvalidInput):
        give("audit_c", three, sex="x")


def test_scoring_anew_remembers_the_sex(give, dana, monkeypatch):
    result = give("audit_c", {"1": 3, "2": 0, "3": 0}, sex="man")
    newer = replace(definitions.own()["audit_c"], rules=2)
    monkeypatch.setattr(packs, "usable", lambda at: {"audit_c": newer})
    assert "positive" not in lower.rescore(result_id=result.pk, by=dana, now=NOW).flags


def test_a_score_from_paper_is_kept_without_any_answer(give):
    result = give("arc50", scores={"total": 33})
    assert (result.mode, result.items, result.scored.scores) == ("entry", {}, {"total": 33})
    with pytest.raises(InvalidInput):
        give("arc50", scores={"total": 51})
    with pytest.raises(InvalidInput):
        give("arc50", scores={})


@pytest.mark.parametrize(
    ("credential", "may"),
    [
        ("LADC", False),
        ("", False),
        ("RN", True),
        ("LADC, CADC", False),
        ("MSN, LADC", True),
        ("PMHNP", True),
        ("M.D.", True),
        ("PA-C", True),
    ],
)
def test_only_a_nurse_or_prescriber_enters_the_ciwa_b(give, dana, credential, may):
    dana.credential = credential
    assert may_enter(dana, definitions.own()["ciwa_b"]) is may
    assert may_enter(dana, definitions.own()["phq9"])
    if may:
        assert give("ciwa_b", scores={"total": 30}).scored.bands == {"total": "moderate"}
    else:
        with pytest.raises(NotAllowed, match="nurse"):
            give("ciwa_b", scores={"total": 30})


# --- asked of a phone ---


def test_one_link_brings_several_measures_one_after_the_other(asked, give, alex):
    assert asked.request.left() == ["phq9", "gad7"]
    phone = {"by": None, "mode": "phone", "request_id": asked.request.pk}
    give(**phone)
    assert asked.request.left() == ["gad7"]
    assert ClientLink.objects.get().used_at is None
    give("gad7", CALM, **phone)
    assert asked.request.left() == []
    assert ClientLink.objects.get().used_at == NOW


def test_what_was_answered_once_is_not_answered_again(asked, give):
    phone = {"by": None, "mode": "phone", "request_id": asked.request.pk}
    give(**phone)
    with pytest.raises(Conflict, match="already"):
        give(answers=HIGH, **phone)
    assert MeasureResult.objects.count() == 1


@pytest.mark.parametrize("spoiled", ["unopened", "expired", "revoked", "invented", "another's"])
def test_without_an_open_link_nobody_outside_keeps_anything(asked, give, dana, team, spoiled):
    when, link = {"by": None, "request_id": asked.request.pk}, asked.request.link
    if spoiled == "unopened":
        ClientLink.objects.update(opened_at=None)
    elif spoiled == "expired":
        when["now"] = NOW + 4 * DAY
    elif spoiled == "revoked":
        links.revoke(link_id=link.pk, by=dana, now=NOW)
    elif spoiled == "invented":
        when["request_id"] = None
    else:
        when["client_id"] = factories.client_of(dana, team=team).pk
    with pytest.raises(Conflict, match="closed"):
        give(**when)
    assert not MeasureResult.objects.exists()


def test_a_new_request_takes_back_the_one_not_opened_yet(alex, dana):
    first = lower.ask(client_id=alex.pk, measures=["phq9"], by=dana, now=NOW)
    second = lower.ask(client_id=alex.pk, measures=["bam"], by=dana, now=NOW)
    assert list(MeasureRequest.objects.of(alex).waiting(NOW)) == [second.request]
    first.request.link.refresh_from_db()
    assert first.request.link.revoked_at == NOW


def test_a_request_that_is_being_answered_stays(asked, alex, dana):
    lower.ask(client_id=alex.pk, measures=["bam"], by=dana, now=NOW)
    assert MeasureRequest.objects.of(alex).waiting(NOW).count() == 2


@pytest.mark.parametrize("measures", [[], ["arc50"], ["ciwa_b"], ["nothing"], ["phq9", "css"]])
def test_only_measures_made_for_it_go_to_a_phone(alex, dana, measures):
    with pytest.raises(InvalidInput) as error:
        lower.ask(client_id=alex.pk, measures=measures, by=dana, now=NOW)
    assert error.value.field in {"measures", "measure"}
    assert not ClientLink.objects.exists()


@pytest.mark.parametrize(("language", "kept"), [("es", "es"), ("es-MX", "es"), ("en", "en"), ("vi", "en")])
def test_the_page_speaks_the_clients_language_where_it_is_ours(alex, dana, language, kept):
    alex.language = language
    alex.save()
    asked = lower.ask(client_id=alex.pk, measures=["phq9", "phq9"], by=dana, now=NOW)
    assert (asked.request.language, asked.request.measures) == (kept, ["phq9"])


def test_a_result_of_a_merged_record_is_read_through_the_other(give, alex, dana, team):
    result = give()
    other = factories.client_of(dana, team=team)
    Client.objects.filter(pk=alex.pk).update(merged_into=other)
    Client.objects.filter(pk=other.pk).update(absorbed=[alex.pk])
    other.refresh_from_db()
    assert list(MeasureResult.objects.of(other)) == [result]
    assert give(now=NOW + DAY).client == other
