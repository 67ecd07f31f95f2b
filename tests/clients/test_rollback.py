"""An act whose audit row cannot be written has not happened."""

from datetime import date, timedelta

import pytest

from clients import actions, audit, lower
from clients.models import Client, Substance
from tests import factories

pytestmark = pytest.mark.django_db

TODAY = date(2026, 3, 11)


class Broken(RuntimeError):
    """The trail cannot be written."""


def refuse(*args, **kwargs):
    raise Broken


@pytest.fixture
def broken_trail(monkeypatch):
    monkeypatch.setattr(audit, "record", refuse)


@pytest.fixture
def record(alex, team):
    """Something of everything that an act could change."""
    factories.EpisodeOfCareFactory(client=alex)
    factories.assign(alex, factories.counselor("Jo Park", team=team), role="covering")
    actions.set_substance(
        client_id=alex.pk, substance=Substance.objects.get(key="heroin"), by=None, now=factories.LONG_AGO
    )
    lower.add_guardian(
        client_id=alex.pk,
        name="Ray Reed",
        relationship="parent",
        from_on=date(2025, 1, 6),
        by=None,
        now=factories.LONG_AGO,
    )
    return alex


def everything(client):
    """Every row of the client's record, field by field."""
    kept = [client.__class__.objects.filter(pk=client.pk)]
    kept += [
        getattr(client, name).order_by("pk")
        for name in (
            "contact_points",
            "permissions",
            "substances",
            "episodes_of_care",
            "care_team",
            "guardians",
            "status_changes",
        )
    ]
    return [list(rows.values()) for rows in kept]


ACTS = {
    "update_client": lambda c, by, now: actions.update_client(
        client_id=c.pk, by=by, now=now, chosen_name="Lex"
    ),
    "discharge": lambda c, by, now: lower.discharge(client_id=c.pk, reason="left", on=TODAY, by=by, now=now),
    "pause": lambda c, by, now: lower.pause(client_id=c.pk, reason="away", on=TODAY, by=by, now=now),
    "record_death": lambda c, by, now: lower.record_death(client_id=c.pk, on=TODAY, by=by, now=now),
    "add_contact_point": lambda c, by, now: actions.add_contact_point(
        client_id=c.pk, kind="mobile", value="602-555-0199", by=by, now=now
    ),
    "set_contact_state": lambda c, by, now: lower.set_contact_state(
        contact_id=c.contact_points.get().pk, state="bad", by=by, now=now
    ),
    "review_shared": lambda c, by, now: lower.review_shared(
        contact_id=c.contact_points.get().pk, by=by, now=now
    ),
    "retire_contact_point": lambda c, by, now: lower.retire_contact_point(
        contact_id=c.contact_points.get().pk, by=by, now=now
    ),
    "grant_permission": lambda c, by, now: actions.grant_permission(
        client_id=c.pk, channel="email", by=by, now=now
    ),
    "withdraw_permission": lambda c, by, now: lower.withdraw_permission(
        client_id=c.pk, channel="text", by=by, now=now
    ),
    "set_substance": lambda c, by, now: actions.set_substance(
        client_id=c.pk, substance=Substance.objects.get(key="alcohol"), by=by, now=now, is_primary=True
    ),
    "remove_substance": lambda c, by, now: actions.remove_substance(
        client_substance_id=c.substances.get().pk, by=by, now=now
    ),
    "assign_counselor": lambda c, by, now: actions.assign_counselor(
        client_id=c.pk, counselor=by, by=by, now=now
    ),
    "add_cover": lambda c, by, now: actions.add_cover(
        client_id=c.pk, counselor=by, until=now + timedelta(days=1), by=by, now=now
    ),
    "end_cover": lambda c, by, now: actions.end_cover(
        member_id=c.care_team.get(role="covering").pk, by=by, now=now
    ),
    "add_guardian": lambda c, by, now: lower.add_guardian(
        client_id=c.pk, name="Mo Reed", relationship="parent", from_on=TODAY, by=by, now=now
    ),
    "end_guardian": lambda c, by, now: lower.end_guardian(
        guardian_id=c.guardians.get().pk, on=TODAY, by=by, now=now
    ),
    "recheck_consent": lambda c, by, now: lower.recheck_consent(client_id=c.pk, by=by, now=now),
}


@pytest.mark.parametrize("name", ACTS)
def test_an_act_without_its_audit_row_leaves_nothing_changed(record, sam, now, name, request):
    before = everything(record)
    request.getfixturevalue("broken_trail")
    with pytest.raises(Broken):
        ACTS[name](record, sam, now)
    assert everything(record) == before


def test_an_admission_without_its_audit_row_opens_no_episode(alex, dana, now, broken_trail):
    with pytest.raises(Broken):
        actions.admit(client_id=alex.pk, on=TODAY, by=dana, now=now)
    assert not alex.episodes_of_care.exists()
    alex.summary.refresh_from_db()
    assert alex.summary.first_admitted_on is None


def test_a_registration_without_its_audit_row_leaves_no_client(dana, team, now, broken_trail):
    with pytest.raises(Broken):
        actions.register_client(team=team, by=dana, now=now, given_name="Kim")
    assert not Client.objects.exists()


def test_a_return_without_its_audit_row_leaves_the_client_paused(alex, dana, now, monkeypatch):
    lower.pause(client_id=alex.pk, reason="away", on=TODAY, by=dana, now=now)
    before = everything(alex)
    monkeypatch.setattr(audit, "record", refuse)
    with pytest.raises(Broken):
        lower.resume(client_id=alex.pk, on=TODAY, by=dana, now=now)
    assert everything(alex) == before


def test_every_act_is_tried(now):
    """A new act without a row above, or a test of its own, fails here."""
    acts = {
        name
        for room in (actions, lower)
        for name, act in vars(room).items()
        if hasattr(act, "__wrapped__") and act.__module__ == room.__name__
    }
    assert acts == {*ACTS, "admit", "register_client", "resume"}
