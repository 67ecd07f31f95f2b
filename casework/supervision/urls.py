"""Addresses of supervision."""

from django.urls import path

from casework.supervision.views import caseload, silent

app_name = "supervision"

urlpatterns = [
    path("caseload/", caseload.page, name="caseload"),
    path("caseload/silent/", silent.page, name="silent"),
]
