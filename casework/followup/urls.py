"""Addresses of what happens next."""

from django.urls import path, register_converter
from django.urls.converters import StringConverter

from casework.followup.views import (
    assess,
    checklist,
    contact_points,
    contacts,
    crisis_words,
    emergencies,
    endings,
    guardians,
    health,
    hooks,
    inbox,
    ladder,
    learning,
    links_plan,
    merging,
    measures,
    messages,
    outlook,
    pausing,
    plan,
    plan_steps,
    plan_templates,
    practice,
    report,
    series,
    sessions,
    texts,
    threads,
    todos,
    transfer,
    triage,
    use_calendar,
)
from clients.models import ContactPoint

app_name = "followup"


class SaidState(StringConverter):
    """What a person can say of a number or an address."""

    regex = f"{ContactPoint.State.VERIFIED}|{ContactPoint.State.BAD}"


register_converter(SaidState, "said")

urlpatterns = [
    path("clients/<uuid:uid>/report/", report.report, name="report"),
    path("clients/<uuid:uid>/report/preview/", report.preview, name="report_preview"),
    path("reports/<uuid:uid>/confirm/", report.confirm, name="confirm_report"),
    path("reports/<uuid:uid>/retract/", report.retract, name="retract_report"),
    path("clients/<uuid:uid>/plan/", plan.page, name="plan"),
    path("l/<str:token>/p/", links_plan.plan, name="link_plan"),
    path("l/<str:token>/p/paper/", links_plan.paper, name="link_plan_paper"),
    path("clients/<uuid:uid>/plan/steps/", plan.steps, name="plan_steps"),
    path("clients/<uuid:uid>/checklist/", checklist.page, name="checklist"),
    path("clients/<uuid:uid>/checklist/tier/", checklist.tier, name="checklist_tier"),
    path("clients/<uuid:uid>/contact/", contacts.log, name="log_contact"),
    path("contacts/<uuid:uid>/<said:state>/", contact_points.state, name="contact_state"),
    path(
        "contacts/<uuid:uid>/shared-reviewed/", contact_points.shared_reviewed, name="contact_shared_reviewed"
    ),
    path("contacts/<uuid:uid>/retire/", contact_points.retire, name="contact_retire"),
    path("clients/<uuid:uid>/pause/", pausing.pause, name="pause"),
    path("clients/<uuid:uid>/resume/", pausing.resume, name="resume"),
    path("clients/<uuid:uid>/discharge/", endings.discharge, name="discharge"),
    path("clients/<uuid:uid>/death/", endings.death, name="death"),
    path(
        "clients/<uuid:uid>/permissions/<slug:channel>/withdraw/",
        endings.withdraw,
        name="withdraw_permission",
    ),
    path("todos/<uuid:uid>/", todos.page, name="todo"),
    path("todos/<uuid:uid>/done/", todos.complete, name="complete_todo"),
    path("todos/<uuid:uid>/undo/", todos.reopen, name="reopen_todo"),
    path("todos/<uuid:uid>/have-it/", emergencies.acknowledge, name="acknowledge_todo"),
    path("todos/<uuid:uid>/record/", emergencies.record, name="emergency_record"),
    path("todos/<uuid:uid>/false-alarm/", emergencies.dismiss, name="dismiss_alarm"),
    path("todos/<uuid:uid>/decide/", ladder.decide, name="decide"),
    path("todos/<uuid:uid>/letter/", ladder.letter, name="letter"),
    path("todos/<uuid:uid>/letter/sent/", ladder.letter_sent, name="letter_sent"),
    path("inbox/", inbox.page, name="inbox"),
    path("inbox/<uuid:uid>/", threads.page, name="thread"),
    path("inbox/<uuid:uid>/part/", threads.part, name="thread_part"),
    path("inbox/<uuid:uid>/older/", threads.older, name="thread_older"),
    path("inbox/<uuid:uid>/read/", threads.read, name="thread_read"),
    path("inbox/<uuid:uid>/write/", threads.write, name="write"),
    path("inbox/<uuid:uid>/count/", threads.count, name="count"),
    path("inbox/answers/<uuid:uid>/read/", inbox.read, name="answer_read"),
    path("inbox/answers/<uuid:uid>/handled/", inbox.handled, name="answer_handled"),
    path("inbox/answers/<uuid:uid>/todo/", inbox.make_todo, name="answer_todo"),
    path("practice/texts/", texts.page, name="texts"),
    path("practice/texts/<slug:channel>/<slug:language>/<str:key>/", texts.edit, name="text_edit"),
    path(
        "practice/texts/<slug:channel>/<slug:language>/<str:key>/preview/", texts.preview, name="text_preview"
    ),
    path("practice/texts/<slug:channel>/<slug:language>/<str:key>/read/", texts.review, name="text_review"),
    path("inbox/unknown/", triage.page, name="unknown_senders"),
    path("inbox/unknown/<uuid:uid>/read/", triage.read, name="unknown_read"),
    path("inbox/unknown/<uuid:uid>/link/", triage.link, name="unknown_link"),
    path("inbox/unknown/<uuid:uid>/dismiss/", triage.dismiss, name="unknown_dismiss"),
    path("practice/", practice.page, name="practice"),
    path("practice/crisis-words/", crisis_words.page, name="crisis_words"),
    path("practice/crisis-words/reply/", crisis_words.reply, name="crisis_reply"),
    path("practice/crisis-words/<uuid:uid>/off/", crisis_words.off, name="crisis_word_off"),
    path("practice/crisis-words/<uuid:uid>/on/", crisis_words.on, name="crisis_word_on"),
    path("practice/crisis-words/<uuid:uid>/reviewed/", crisis_words.reviewed, name="crisis_word_reviewed"),
    path("messages/<uuid:uid>/", messages.page, name="message"),
    path("followup/", outlook.page, name="outlook"),
    path("followup/alarm/", outlook.alarm, name="alarm"),
    path("clients/<uuid:uid>/assess/", assess.assess, name="assess"),
    path("assessments/<uuid:uid>/error/", assess.mark_error, name="assessment_error"),
    path("clients/<uuid:uid>/sessions/schedule/", sessions.schedule, name="schedule_session"),
    path("sessions/<uuid:uid>/move/to/", sessions.reschedule, name="reschedule_session"),
    path("sessions/<uuid:uid>/cancel/now/", sessions.cancel, name="cancel_session"),
    path("sessions/<uuid:uid>/close/", sessions.close, name="close_session"),
    path("series/<uuid:uid>/change/now/", series.change, name="change_series"),
    path("series/<uuid:uid>/end/now/", series.end, name="end_series"),
    *learning.urlpatterns,
    *use_calendar.urlpatterns,
    *plan_steps.urlpatterns,
    *plan_templates.urlpatterns,
    *transfer.urlpatterns,
    *guardians.urlpatterns,
    *merging.urlpatterns,
    *hooks.urlpatterns,
    *health.urlpatterns,
    *measures.urlpatterns,
]
