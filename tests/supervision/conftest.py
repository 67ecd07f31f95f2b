"""A team with clients in every condition that the caseload counts."""

from datetime import timedelta

import pytest
import time_machine

from clients.models import CareTeamMember, Client, ClientSummary
from tests import factories
from tests.conftest import NOW
from tests.desk.conftest import todo

DAY = timedelta(days=1)


@pytest.fixture
def frozen():
    """Pages read the clock; here it says NOW."""
    with time_machine.travel(NOW, tick=False):
        yield NOW


@pytest.fixture
def jo(team):
    return factories.counselor("Jo Park", team=team)


@pytest.fixture
def caseload(dana, jo, sam, team, now):
    """Eight clients; each name says what is true of them."""

    def client(name, by=dana, **summary):
        found = factories.client_of(by, team=team, given_name=name, family_name="Case")
        ClientSummary.objects.filter(client=found).update(
            **{"last_contact_at": now - DAY, "stage": "none", **summary}
        )
        return found

    clients = {
        "Calm": client("Calm"),
        "Physical": client("Physical", stage="physical", stage_before="mental", plan_state="active"),
        "Falling": client("Falling", stage="emotional", stage_before="physical", plan_state="completed"),
        "Silent": client("Silent", by=jo, stage="mental", last_contact_at=now - 8 * DAY),
        "Never": client("Never", by=jo, last_contact_at=None, stage=""),
        "Writing": client("Writing", unread_answers=2, unsigned_notes=1, oldest_unsigned_at=now - 2 * DAY),
        "Waiting": client("Waiting", by=jo),
        "Nobody": client("Nobody"),
    }
    CareTeamMember.objects.filter(client=clients["Never"]).update(starts_at=now - 40 * DAY)
    CareTeamMember.objects.filter(client=clients["Nobody"]).update(ends_at=now - DAY)
    todo(clients["Waiting"], due_at=now - DAY)
    todo(clients["Waiting"], due_at=now - 2 * DAY)
    todo(clients["Calm"], due_at=now - DAY, grace=2 * DAY)
    gone = client("Gone", last_contact_at=None)
    Client.objects.filter(pk=gone.pk).update(state="discharged")
    return clients
