"""By which way a step reaches a client: the rule, the wish and what was agreed to (clinical.md §4.3)."""

from datetime import UTC, datetime, timedelta

import pytest

from casework.followup import optout, previewing
from casework.followup.actions import templates as acts
from casework.followup.messages.policy import Decision, may_send
from casework.followup.models import Message
from casework.followup.plan_start import Told
from casework.followup.plan_templates import ChannelRule, MessageStep
from casework.followup.plan_versions import template_for
from clients.stage import Stage
from tests import factories
from tests.followup.making import report

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)
TEN = datetime(2026, 3, 13, 17, 0, tzinfo=UTC)  # Friday 10:00 in Phoenix: the day-2 message is due


@pytest.fixture(autouse=True)
def _nothing_kept():
    yield
    template_for.cache_clear()


@pytest.fixture
def ways(ada, now):
    """A physical plan in which four steps name their only way."""
    draft = acts.begin_version(stage="physical", by=ada, now=now)
    for day, channel in [(2, "sms"), (5, "email"), (21, "call"), (30, "letter")]:
        step = MessageStep(day, "support", channel=ChannelRule(channel))
        key = f"D{day:02}-MSG"
        acts.put_step(template_id=draft.pk, step=step, replaces=key, by=ada, now=now)
    return acts.release_version(template_id=draft.pk, by=ada, now=now)


def begun(client, by, now):
    """What each of the four steps became."""
    plan = report(client, by, now).plan
    named = ("PHY-D02-MSG", "PHY-D05-MSG", "PHY-D21-MSG", "PHY-D30-MSG")
    rows = {
        **dict(plan.messages.waiting().order_by("pk").values_list("step_key", "channel_rule")),
        **dict(plan.todos.open().order_by("pk").values_list("step_key", "kind")),
    }
    return {key: rows[key] for key in sorted(rows) if key.startswith(named)}


def grant(client, *channels, now):
    for channel in channels:
        factories.PermissionFactory(client=client, channel=channel, granted_at=now - HOUR)


def test_with_everything_agreed_to_each_goes_its_own_way(ways, alex, dana, now):
    grant(alex, "email", "call", "letter", now=now)
    assert begun(alex, dana, now) == {
        "PHY-D02-MSG": "sms",
        "PHY-D05-MSG": "email",
        "PHY-D21-MSG-CALL": "call",
        "PHY-D30-MSG-LETTER": "letter",
    }


def test_where_a_steps_only_way_is_closed_somebody_calls(ways, alex, dana, now):
    assert begun(alex, dana, now) == {
        "PHY-D02-MSG": "sms",
        "PHY-D05-MSG-CALL": "call",
        "PHY-D21-MSG-CALL": "call",
        "PHY-D30-MSG-CALL": "call",
    }


def test_who_declines_calls_and_agreed_to_letters_is_written_to(ways, alex, dana, now):
    grant(alex, "letter", "call", now=now)
    optout.withdraw(client_id=alex.pk, channel="call", by=dana, now=now - HOUR / 2, how="staff")
    assert begun(alex, dana, now) == {
        "PHY-D02-MSG": "sms",
        "PHY-D05-MSG-LETTER": "letter",
        "PHY-D21-MSG-LETTER": "letter",
        "PHY-D30-MSG-LETTER": "letter",
    }


def test_a_step_without_any_way_left_is_left_out(ways, alex, dana, now):
    grant(alex, "call", now=now)
    optout.withdraw(client_id=alex.pk, channel="call", by=dana, now=now - HOUR / 2, how="staff")
    assert begun(alex, dana, now) == {"PHY-D02-MSG": "sms"}


def test_who_prefers_calls_and_agreed_to_them_is_called(alex, dana, now):
    alex.preferred_channel = "call"
    alex.save()
    plan = report(alex, dana, now).plan
    assert plan.messages.count() == 11  # not agreed to: their texts go
    grant(alex, "call", now=now)
    plan = report(alex, dana, now + HOUR).plan
    assert not plan.messages.exists()
    assert plan.todos.filter(kind="call", step_key__contains="-MSG-").count() == 11


def test_the_preview_shows_the_same_ways(ways, alex, now):
    told = Told(stage=Stage.PHYSICAL, source="self_session", reported_at=now)
    shown = [step.title for step in previewing.preview(alex, told, now=now).steps if not step.is_message]
    assert shown.count("Call the client") == 3


def test_an_email_step_never_goes_as_a_text(ways, alex, dana, now):
    grant(alex, "email", now=now)
    factories.ContactPointFactory(
        client=alex, kind="email", value="a@example.org", normalized="a@example.org"
    )
    plan = report(alex, dana, now).plan
    emailed = plan.messages.select_related("client").get(step_key="PHY-D05-MSG")
    on_day_five = TEN + timedelta(days=3)
    found = may_send(emailed, on_day_five)
    assert (found.decision, found.channel) == (Decision.SEND, "email")
    alex.contact_points.filter(kind="email").update(state="bad")
    emailed = Message.objects.select_related("client").get(pk=emailed.pk)
    found = may_send(emailed, on_day_five)
    assert (found.decision, found.reason) == (Decision.CANCEL, "number_bad")


def test_an_opt_out_of_a_steps_only_way_makes_it_a_call_although_another_way_is_left(ways, alex, dana, now):
    grant(alex, "email", now=now)
    plan = report(alex, dana, now).plan
    optout.withdraw(client_id=alex.pk, channel="text", by=dana, now=now + HOUR, how="keyword")
    states = dict(plan.messages.order_by("pk").values_list("step_key", "status"))
    assert (states["PHY-D02-MSG"], states["PHY-D05-MSG"], states["PHY-D08-MSG"]) == (
        "cancelled",
        "planned",
        "planned",
    )
    assert plan.todos.get(step_key="PHY-D02-MSG-CALL").title == "Call Alex instead of a message"


def test_an_opt_out_of_everything_but_letters_leaves_letters(alex, dana, now):
    grant(alex, "letter", "call", now=now)
    plan = report(alex, dana, now).plan
    optout.withdraw(client_id=alex.pk, channel="call", by=dana, now=now + HOUR, how="staff")
    optout.withdraw(client_id=alex.pk, channel="text", by=dana, now=now + HOUR, how="staff")
    assert not plan.messages.waiting().exists()
    titles = set(plan.todos.filter(kind="letter").order_by("pk").values_list("title", flat=True))
    assert titles == {"Write Alex a letter instead of a message"}
    plan.refresh_from_db()
    assert plan.state == "active"
