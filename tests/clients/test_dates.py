"""Days that cannot have been are declined, whichever door they come through."""

from datetime import date, timedelta

import pytest

from casework.relapse.actions import record_report, record_use
from clients import actions, lower
from clients.dates import EARLIEST
from clients.errors import InvalidInput
from clients.models import Client, Substance

pytestmark = pytest.mark.django_db

IMPOSSIBLE = [date(1, 1, 1), date(206, 3, 1), EARLIEST - timedelta(days=1), date(9999, 12, 31)]


@pytest.fixture(params=IMPOSSIBLE, ids=str)
def day(request):
    return request.param


def declined(act, field, **facts):
    with pytest.raises(InvalidInput) as error:
        act(**facts)
    assert error.value.field == field


def test_nobody_is_born_then(dana, team, alex, day, now):
    declined(
        actions.register_client,
        "date_of_birth",
        team=team,
        given_name="Kim",
        date_of_birth=day,
        by=dana,
        now=now,
    )
    declined(actions.update_client, "date_of_birth", client_id=alex.pk, date_of_birth=day, by=dana, now=now)
    assert list(Client.objects.values_list("date_of_birth")) == [(alex.date_of_birth,)]


def test_nobody_is_admitted_then(dana, alex, day, now):
    declined(actions.admit, "admitted_on", client_id=alex.pk, on=day, by=dana, now=now)
    assert not alex.episodes_of_care.exists()


def test_no_relapse_occurred_then(dana, alex, day, now):
    told = {"client_id": alex.pk, "stage": "mental", "source": "self_call", "by": dana, "now": now}
    declined(record_report, "occurred_on", occurred_on=day, **told)


@pytest.mark.parametrize("field", ["first_used_on", "last_used_on"])
def test_nobody_used_then(dana, alex, day, field, now):
    alcohol = Substance.objects.get(key="alcohol")
    declined(
        actions.set_substance,
        field,
        client_id=alex.pk,
        substance=alcohol,
        by=dana,
        now=now,
        **{field: day},
    )
    declined(
        record_use,
        "days",
        client_id=alex.pk,
        use_type="alcohol",
        days=[day],
        source="self_call",
        by=dana,
        now=now,
    )
    assert not alex.substances.exists()


def test_no_status_changes_then(dana, alex, day, now):
    declined(lower.record_death, "on", client_id=alex.pk, on=day, by=dana, now=now)


def test_the_clients_today_is_not_the_future(dana, alex, now):
    today = now.astimezone(alex.zone).date()
    assert actions.admit(client_id=alex.pk, on=today, by=dana, now=now).admitted_on == today
