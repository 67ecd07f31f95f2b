"""Addresses about the people who work here."""

from django.urls import path

from casework.staff.views import absences

app_name = "staff"

urlpatterns = [
    path("absences/", absences.page, name="absences"),
    path("absences/new/", absences.new, name="absence_new"),
    path("absences/<uuid:uid>/end/", absences.end, name="absence_end"),
    path("absences/<uuid:uid>/cover/", absences.cover, name="absence_cover"),
]
