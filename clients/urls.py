"""Addresses of the record. The client's page itself is the desk's."""

from django.urls import path

from clients.views import care, circle, contacts, hours, links, people, permissions, substances

app_name = "clients"

urlpatterns = [
    path("clients/new/", people.new, name="new"),
    path("clients/<uuid:uid>/edit/", people.edit, name="edit"),
    path("clients/<uuid:uid>/contacts/new/", contacts.new, name="contact_new"),
    path("clients/<uuid:uid>/emergency-contacts/new/", circle.new, name="emergency_contact_new"),
    path("emergency-contacts/<uuid:uid>/<slug:what>/", circle.change, name="emergency_contact"),
    path("clients/<uuid:uid>/permissions/new/", permissions.new, name="permission_new"),
    path("clients/<uuid:uid>/substances/", substances.choose, name="substances"),
    path("clients/<uuid:uid>/substances/<slug:key>/", substances.record, name="substance"),
    path("clients/<uuid:uid>/substances/<slug:key>/remove/", substances.remove, name="substance_remove"),
    path("clients/<uuid:uid>/episodes/new/", care.admit, name="admit"),
    path("clients/<uuid:uid>/team/", care.team, name="team"),
    path("clients/<uuid:uid>/team/cover/", care.cover, name="cover"),
    path("team-places/<uuid:uid>/end/", care.end_cover, name="end_cover"),
    path("l/<str:token>/", links.door, name="link"),
    path("practice/hours/", hours.page, name="hours"),
    path("practice/hours/closed/", hours.close_day, name="closure_new"),
    path("practice/hours/closed/<uuid:uid>/remove/", hours.open_day, name="closure_remove"),
    path("practice/hours/on-call/", hours.put_on_call, name="duty_new"),
    path("practice/hours/on-call/<uuid:uid>/end/", hours.take_off_call, name="duty_end"),
]
