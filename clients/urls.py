"""Addresses of the record. The client's page itself is the desk's."""

from django.urls import path, register_converter
from django.urls.converters import StringConverter

from clients.models import ContactPoint
from clients.views import care, contacts, people, permissions, substances

app_name = "clients"


class SaidState(StringConverter):
    """What a person can say of a number or an address."""

    regex = f"{ContactPoint.State.VERIFIED}|{ContactPoint.State.BAD}"


register_converter(SaidState, "said")

urlpatterns = [
    path("clients/new/", people.new, name="new"),
    path("clients/<uuid:uid>/edit/", people.edit, name="edit"),
    path("clients/<uuid:uid>/contacts/new/", contacts.new, name="contact_new"),
    path("contacts/<uuid:uid>/<said:state>/", contacts.state, name="contact_state"),
    path("contacts/<uuid:uid>/shared-reviewed/", contacts.shared_reviewed, name="contact_shared_reviewed"),
    path("contacts/<uuid:uid>/retire/", contacts.retire, name="contact_retire"),
    path("clients/<uuid:uid>/permissions/new/", permissions.new, name="permission_new"),
    path("clients/<uuid:uid>/substances/", substances.choose, name="substances"),
    path("clients/<uuid:uid>/substances/<slug:key>/", substances.record, name="substance"),
    path("clients/<uuid:uid>/substances/<slug:key>/remove/", substances.remove, name="substance_remove"),
    path("clients/<uuid:uid>/episodes/new/", care.admit, name="admit"),
    path("clients/<uuid:uid>/team/", care.team, name="team"),
    path("clients/<uuid:uid>/team/assign/", care.assign, name="assign"),
    path("clients/<uuid:uid>/team/cover/", care.cover, name="cover"),
    path("team-places/<uuid:uid>/end/", care.end_cover, name="end_cover"),
]
