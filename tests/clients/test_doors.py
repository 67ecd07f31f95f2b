"""How a record is found: among what one may see, and never silently."""

import uuid

import pytest
from django.test import RequestFactory

from clients.doors import Refused, client_or_404, found_or_404, record_or_404
from clients.models import AuditEvent, Client, ContactPoint

pytestmark = pytest.mark.django_db


@pytest.fixture
def asking():
    """A request of somebody for a page."""

    def request(user):
        found = RequestFactory().get("/contacts/")
        found.user = user
        return found

    return request


def trail():
    return list(AuditEvent.objects.order_by("pk").values_list("verb", "client_id", "target_type"))


def test_finding_alone_leaves_nothing_and_looking_leaves_one_row(asking, dana, alex):
    point = alex.contact_points.get()
    assert record_or_404(asking(dana), ContactPoint.objects.all(), point.uid) == point
    assert trail() == []
    record_or_404(asking(dana), ContactPoint.objects.all(), point.uid, viewing=True)
    assert trail() == [("record.viewed", alex.pk, "clients.ContactPoint")]


def test_a_look_at_the_client_names_the_page(asking, dana, alex):
    client_or_404(asking(dana), alex.uid, viewing=True)
    assert AuditEvent.objects.get().detail == {"page": "/contacts/"}


def test_rows_narrowed_before_are_found_the_same_way(asking, dana, alex):
    assert found_or_404(asking(dana), Client.objects.filter(pk=alex.pk), alex.uid, viewing=True) == alex
    assert trail() == [("record.viewed", alex.pk, "clients.Client")]


@pytest.mark.parametrize("person", ["robin", "ada"])
def test_a_stranger_and_a_wrong_address_get_the_same_answer_and_leave_a_row(request, asking, person, alex):
    somebody = request.getfixturevalue(person)
    for uid in (alex.uid, uuid.uuid4()):
        with pytest.raises(Refused):
            client_or_404(asking(somebody), uid)
        with pytest.raises(Refused):
            record_or_404(asking(somebody), ContactPoint.objects.all(), uid)
    rows = AuditEvent.objects.filter(verb="access.refused")
    assert rows.count() == 4
    assert {row.actor_id for row in rows} == {somebody.pk}
    assert rows.first().detail["uid"] == str(alex.uid)


def test_the_auditor_finds_everybody(asking, audrey, alex):
    assert client_or_404(asking(audrey), alex.uid) == alex
