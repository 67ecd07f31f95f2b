"""Addresses of sessions and notes. What schedules, moves, cancels or closes a session is in casework.followup."""

from django.urls import path

from sessions.views import counseling, lists, notes, queues, session, signing, snippets, voiding

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
    path("notes/mine/", queues.mine, name="my_notes"),
    path("notes/sign/", signing.several, name="sign_several"),
    path("notes/cosign/", queues.cosign_queue, name="cosign_queue"),
    path("notes/words/", snippets.index, name="snippets"),
    path("notes/words/phrase/", snippets.new_phrase, name="phrase_new"),
    path("notes/words/template/<slug:format>/", snippets.new_template, name="template_new"),
    path("notes/words/<uuid:uid>/", snippets.edit, name="snippet"),
    path("notes/words/<uuid:uid>/remove/", snippets.remove, name="snippet_remove"),
    path("notes/<uuid:uid>/", notes.read, name="note"),
    path("notes/<uuid:uid>/cosign/", signing.cosign, name="cosign"),
    path("notes/<uuid:uid>/return/", signing.send_back, name="return_note"),
    path("notes/<uuid:uid>/void/", voiding.void, name="void"),
    path("notes/<uuid:uid>/anew/", voiding.anew, name="write_anew"),
    path("notes/<uuid:uid>/delete/", voiding.delete, name="delete_draft"),
    path("notes/<uuid:uid>/restore/", voiding.restore, name="restore_draft"),
    path("notes/<uuid:uid>/unavailable/", queues.author_unavailable, name="author_unavailable"),
    path("addenda/<uuid:uid>/cosign/", signing.cosign_addendum, name="cosign_addendum"),
    path("clients/<uuid:uid>/counseling-notes/", counseling.index, name="counseling_notes"),
    path("counseling-notes/<uuid:uid>/", counseling.page, name="counseling_note"),
    path("counseling-notes/<uuid:uid>/save/", counseling.save, name="save_counseling_note"),
    path("counseling-notes/<uuid:uid>/remove/", counseling.remove, name="remove_counseling_note"),
    path("notes/<uuid:uid>/addenda/", notes.add, name="add_addendum"),
]
