"""Addresses of what happens next."""

from django.urls import path

from casework.followup.views import assess, health, hooks, sessions

app_name = "followup"

urlpatterns = [
    path("clients/<uuid:uid>/assess/", assess.assess, name="assess"),
    path("clients/<uuid:uid>/sessions/schedule/", sessions.schedule, name="schedule_session"),
    path("sessions/<uuid:uid>/move/to/", sessions.reschedule, name="reschedule_session"),
    path("sessions/<uuid:uid>/cancel/now/", sessions.cancel, name="cancel_session"),
    path("sessions/<uuid:uid>/close/", sessions.close, name="close_session"),
    *hooks.urlpatterns,
    *health.urlpatterns,
]
