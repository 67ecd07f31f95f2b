"""Numbers and addresses."""

import pytest
from django.db import IntegrityError, transaction

from clients import actions, lower
from clients.errors import Conflict, InvalidInput, NotAllowed
from clients.models import AuditEvent, ContactPoint
from tests import factories

pytestmark = pytest.mark.django_db


def added(by, client, now, value="555-010-0142", kind="mobile", **more):
    return actions.add_contact_point(client_id=client.pk, kind=kind, value=value, by=by, now=now, **more)


def test_a_number_is_kept_as_written_and_as_it_is_dialled(dana, alex, now):
    point = added(dana, alex, now, value=" (602) 555-0142 ")
    assert (point.value, point.normalized) == ("(602) 555-0142", "+16025550142")
    assert (point.state, point.state_at) == ("unverified", None)


def test_one_that_was_tried_is_verified_from_that_moment(dana, alex, now):
    point = added(dana, alex, now, value="602 555 0142", verified=True)
    assert (point.state, point.state_at) == ("verified", now)


def test_an_address_is_compared_in_lower_case(dana, alex, now):
    added(dana, alex, now, value="Alex@Example.org", kind="email")
    with pytest.raises(Conflict):
        added(dana, alex, now, value="alex@example.ORG", kind="email")


@pytest.mark.parametrize(
    ("kind", "value"), [("mobile", "call me"), ("landline", "12"), ("email", "alex at home")]
)
def test_what_cannot_be_a_number_or_an_address_is_declined_beside_its_field(dana, alex, now, kind, value):
    with pytest.raises(InvalidInput) as declined:
        added(dana, alex, now, value=value, kind=kind)
    assert declined.value.field == "value"


def test_the_same_number_is_on_record_once_until_it_is_retired(dana, alex, now):
    first = added(dana, alex, now, value="602-555-0142")
    with pytest.raises(Conflict):
        added(dana, alex, now, value="(602) 5550142")
    lower.retire_contact_point(contact_id=first.pk, by=dana, now=now)
    assert added(dana, alex, now, value="602-555-0142").pk != first.pk
    with pytest.raises(IntegrityError), transaction.atomic():
        factories.ContactPointFactory(client=alex, normalized="+16025550142")


def test_retiring_twice_keeps_the_first_time(dana, alex, now, long_ago):
    point = added(dana, alex, now, value="602-555-0142")
    lower.retire_contact_point(contact_id=point.pk, by=dana, now=long_ago)
    lower.retire_contact_point(contact_id=point.pk, by=dana, now=now)
    point.refresh_from_db()
    assert point.retired_at == long_ago
    assert list(alex.contact_points.current()) == [alex.contact_points.first()]


def test_nothing_goes_to_a_bad_number_until_it_is_verified_again(dana, alex, now):
    point = alex.contact_points.get()
    assert point.is_usable
    assert not lower.set_contact_state(contact_id=point.pk, state="bad", by=dana, now=now).is_usable
    assert lower.set_contact_state(contact_id=point.pk, state="verified", by=dana, now=now).is_usable


def test_an_unknown_state_is_refused(dana, alex, now):
    with pytest.raises(ValueError, match="lovely"):
        lower.set_contact_state(contact_id=alex.contact_points.get().pk, state="lovely", by=dana, now=now)


def test_nothing_goes_to_a_shared_phone_until_it_was_talked_over(dana, alex, now):
    point = added(dana, alex, now, value="602-555-0142", is_shared=True)
    assert not point.is_usable
    assert lower.review_shared(contact_id=point.pk, by=dana, now=now).is_usable


def test_a_retired_number_is_not_usable(dana, alex, now):
    point = alex.contact_points.get()
    assert not lower.retire_contact_point(contact_id=point.pk, by=dana, now=now).is_usable


def test_the_trail_holds_ids_and_no_number(dana, alex, now):
    added(dana, alex, now, value="602-555-0142")
    row = AuditEvent.objects.get(verb="contact.added")
    assert row.client_id == alex.pk
    assert "5550142" not in str(row.detail)


@pytest.mark.parametrize("person", ["ada", "audrey"])
def test_others_change_no_contacts(request, person, alex, now):
    by = request.getfixturevalue(person)
    point = alex.contact_points.get()
    for act in (
        lambda: added(by, alex, now),
        lambda: lower.set_contact_state(contact_id=point.pk, state="bad", by=by, now=now),
        lambda: lower.review_shared(contact_id=point.pk, by=by, now=now),
        lambda: lower.retire_contact_point(contact_id=point.pk, by=by, now=now),
    ):
        with pytest.raises(NotAllowed):
            act()
    assert ContactPoint.objects.get() == point
    point.refresh_from_db()
    assert point.is_usable
