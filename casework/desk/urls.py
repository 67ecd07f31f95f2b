"""Addresses of the desk."""

from django.urls import path

from casework.desk.views import client, guide, lists, measures, today

app_name = "desk"

urlpatterns = [
    path("", today.page, name="today"),
    path("clients/", lists.clients, name="clients"),
    path("clients/<uuid:uid>/", client.page, name="client"),
    path("clients/<uuid:uid>/measures/", measures.page, name="measures"),
    path("clients/<uuid:uid>/measures-in-brief/", measures.in_brief, name="measures_in_brief"),
    path("measures/<uuid:uid>/", measures.measure, name="measure"),
    path("search/", lists.search, name="search"),
    path("help/", guide.page, name="help"),
]
