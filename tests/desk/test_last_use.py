"""The last use of each substance is what is known today, not what was once written down."""

from datetime import timedelta

import pytest
from django.utils import timezone

from casework.relapse.actions import record_use
from casework.relapse.current import last_use_by_substance
from clients.actions import set_substance
from clients.models import Substance

pytestmark = pytest.mark.django_db


@pytest.fixture
def alcohol(alex, dana):
    """Alex's alcohol, last used half a year ago as far as was written down."""
    substance = Substance.objects.get(key="alcohol")
    when = timezone.localdate() - timedelta(days=180)
    set_substance(client_id=alex.pk, substance=substance, last_used_on=when, by=dana, now=timezone.now())
    return substance


def use(alex, dana, substance, *, days_ago, source="self_session"):
    day = timezone.localdate() - timedelta(days=days_ago)
    facts = {"use_type": "alcohol", "days": [day], "source": source, "substance": substance}
    record_use(client_id=alex.pk, by=dana, now=timezone.now(), **facts)
    return day


def test_use_that_was_told_is_the_last_use(as_dana, alex, dana, alcohol):
    day = use(alex, dana, alcohol, days_ago=3)
    assert last_use_by_substance(alex) == {alcohol.pk: day}
    page = as_dana.get(f"/clients/{alex.uid}/").content.decode()
    assert "last use" in page
    assert "3 days ago" in page
    assert "Sudden stop can cause seizures" in page


def test_hearsay_changes_nothing(as_dana, alex, dana, alcohol):
    use(alex, dana, alcohol, days_ago=3, source="collateral")
    assert last_use_by_substance(alex) == {}
    assert "Sudden stop can cause seizures" not in as_dana.get(f"/clients/{alex.uid}/").content.decode()


def test_an_older_day_does_not_hide_a_newer_one_on_record(alex, dana, alcohol):
    first = use(alex, dana, alcohol, days_ago=40)
    second = use(alex, dana, alcohol, days_ago=200)
    assert second < first
    assert last_use_by_substance(alex) == {alcohol.pk: first}
