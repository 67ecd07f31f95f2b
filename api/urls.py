"""Addresses of the second door."""

from django.urls import include, path
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView
from rest_framework.routers import SimpleRouter

from api.views import (
    calendar,
    care_plans,
    clients,
    followup,
    groups,
    measures,
    recovery,
    relapse,
    sessions,
    silence,
    threads,
)
from api.views.missing import Missing

app_name = "api"

router = SimpleRouter(use_regex_path=False)
router.register("clients", clients.ClientViewSet, basename="client")
router.register("substances", clients.SubstanceViewSet, basename="substance")
router.register("teams", clients.TeamViewSet, basename="team")
router.register("sessions", sessions.SessionViewSet, basename="session")
router.register("series", calendar.SeriesViewSet, basename="series")
router.register("rooms", calendar.RoomViewSet, basename="room")
router.register("notes", sessions.NoteViewSet, basename="note")
router.register("groups", groups.GroupViewSet, basename="group")
router.register("memberships", groups.MembershipViewSet, basename="membership")
router.register("meetings", groups.MeetingViewSet, basename="meeting")
router.register("assessments", relapse.AssessmentViewSet, basename="assessment")
router.register("reports", relapse.ReportViewSet, basename="report")
router.register("days", recovery.DayViewSet, basename="day")
router.register("reviews", recovery.ReviewViewSet, basename="review")
router.register("measures", measures.MeasureViewSet, basename="measure")
router.register("measure-results", measures.ResultViewSet, basename="measure-result")
router.register("measure-requests", measures.RequestViewSet, basename="measure-request")
router.register("prevention-plans", care_plans.PreventionViewSet, basename="prevention-plan")
router.register("treatment-plans", care_plans.TreatmentPlanViewSet, basename="treatment-plan")
router.register("goals", care_plans.GoalViewSet, basename="goal")
router.register("goal-steps", care_plans.GoalStepViewSet, basename="goal-step")
router.register("plans", followup.PlanViewSet, basename="plan")
router.register("messages", followup.MessageViewSet, basename="message")
router.register("threads", threads.ThreadViewSet, basename="thread")
router.register("todos", followup.ToDoViewSet, basename="todo")
router.register("contacts", followup.ContactViewSet, basename="contact")
router.register("answers", followup.AnswerViewSet, basename="answer")
router.register("rungs", silence.RungViewSet, basename="rung")
router.register("absences", silence.AbsenceViewSet, basename="absence")

urlpatterns = [
    path("api/v1/", include(router.urls)),
    path("api/v1/<path:rest>", Missing.as_view(), name="missing"),
    path("api/schema/", SpectacularAPIView.as_view(), name="schema"),
    path("api/docs/", SpectacularSwaggerSplitView.as_view(url_name="api:schema"), name="docs"),
]
