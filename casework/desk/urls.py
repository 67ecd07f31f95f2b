"""Addresses of the desk."""

from django.urls import path

from casework.desk.views import client, guide, lists, today

app_name = "desk"

urlpatterns = [
    path("", today.page, name="today"),
    path("clients/", lists.clients, name="clients"),
    path("clients/<uuid:uid>/", client.page, name="client"),
    path("search/", lists.search, name="search"),
    path("help/", guide.page, name="help"),
]
