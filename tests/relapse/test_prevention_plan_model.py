"""What the database itself holds about versions of a prevention plan."""

import pytest
from django.db import DatabaseError, IntegrityError, transaction

from casework.relapse.models import PlanSignature, PreventionPlan

State = PreventionPlan.State


@pytest.fixture
def draft(alex, dana, now):
    return PreventionPlan.objects.create(
        client=alex, number=1, begun_at=now, begun_by=dana, saved_at=now, saved_by=dana
    )


def sign(plan, party, by, now, *, content_hash=None):
    return PlanSignature.objects.create(
        plan=plan,
        party=party,
        way="account" if party == "counselor" else "typed",
        name="Somebody",
        by=by,
        at=now,
        content_hash=content_hash or plan.fingerprint(),
    )


def close(plan, now):
    plan.state, plan.signed_at, plan.content_hash = State.SIGNED, now, plan.fingerprint()
    with transaction.atomic():
        plan.save()


def test_one_signature_is_not_enough(draft, dana, now):
    sign(draft, "counselor", dana, now)
    with pytest.raises(DatabaseError, match="lacks a signature"):
        close(draft, now)


def test_a_signature_under_other_words_does_not_count(draft, dana, now):
    sign(draft, "counselor", dana, now)
    sign(draft, "client", dana, now, content_hash="a" * 64)
    with pytest.raises(DatabaseError, match="lacks a signature"):
        close(draft, now)


def test_a_signed_version_can_neither_be_changed_nor_deleted(draft, dana, now):
    sign(draft, "counselor", dana, now)
    sign(draft, "client", dana, now)
    close(draft, now)
    assert draft.is_intact
    draft.content = '{"helps": ["something else"]}'
    with pytest.raises(IntegrityError), transaction.atomic():
        draft.save()
    with pytest.raises(IntegrityError), transaction.atomic():
        PreventionPlan.objects.filter(pk=draft.pk).update(number=7)
    with pytest.raises(IntegrityError), transaction.atomic():
        PreventionPlan.objects.filter(pk=draft.pk).delete()


def test_a_signature_is_never_changed_or_taken_away(draft, dana, now):
    signature = sign(draft, "client", dana, now)
    with pytest.raises(IntegrityError), transaction.atomic():
        PlanSignature.objects.filter(pk=signature.pk).update(name="Somebody else")
    with pytest.raises(IntegrityError), transaction.atomic():
        signature.delete()


def test_there_is_one_draft_at_a_time(draft, alex, now):
    with pytest.raises(IntegrityError, match="one_draft_prevention_plan_per_client"), transaction.atomic():
        PreventionPlan.objects.create(client=alex, number=2, begun_at=now, saved_at=now)
    PreventionPlan.objects.filter(pk=draft.pk).update(state=State.SET_ASIDE, set_aside_at=now)
    assert PreventionPlan.objects.create(client=alex, number=1, begun_at=now, saved_at=now)


@pytest.mark.parametrize(
    ("party", "way"), [("counselor", "typed"), ("counselor", "aloud"), ("client", "account")]
)
def test_each_party_signs_in_its_own_way(draft, dana, now, party, way):
    with pytest.raises(IntegrityError, match="each_party_signs_in_its_own_way"), transaction.atomic():
        PlanSignature.objects.create(
            plan=draft, party=party, way=way, name="x", by=dana, at=now, content_hash="a" * 64
        )


def test_what_was_signed_is_stored_unreadably(draft, dana, now, alex):
    from django.db import connection

    draft.content = '{"reasons": ["My daughter"]}'
    draft.save()
    with connection.cursor() as cursor:
        cursor.execute("SELECT content FROM relapse_preventionplan WHERE id = %s", [draft.pk])
        assert b"daughter" not in bytes(cursor.fetchone()[0])
    assert PreventionPlan.objects.get(pk=draft.pk).words.reasons == ("My daughter",)
