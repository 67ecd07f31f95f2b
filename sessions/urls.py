"""Addresses of sessions and notes. What schedules, moves, cancels or closes a session is in casework.followup."""

from django.urls import path

from sessions.views import lists, notes, session, signing

app_name = "counseling"

urlpatterns = [
    path("sessions/", lists.index, name="list"),
    path("clients/<uuid:uid>/sessions/new/", session.new, name="new"),
    path("sessions/<uuid:uid>/", session.page, name="session"),
    path("sessions/<uuid:uid>/start/", session.start, name="start"),
    path("sessions/<uuid:uid>/move/", session.move, name="move"),
    path("sessions/<uuid:uid>/cancel/", session.cancel, name="cancel"),
    path("sessions/<uuid:uid>/outcome/", session.outcome, name="outcome"),
    path("sessions/<uuid:uid>/note/", notes.save, name="save_note"),
    path("sessions/<uuid:uid>/note/sign/", signing.review, name="sign"),
    path("notes/<uuid:uid>/", notes.read, name="note"),
    path("notes/<uuid:uid>/addenda/", notes.add, name="add_addendum"),
]
