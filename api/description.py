"""How the API describes itself; read by the settings, so nothing is imported here."""

from typing import Any

SPECTACULAR_SETTINGS: dict[str, Any] = {
    "TITLE": "Turnaround",
    "DESCRIPTION": "The same acts and the same visibility as the pages.",
    "VERSION": "1",
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_PERMISSIONS": ["rest_framework.permissions.IsAuthenticated"],
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "COMPONENT_SPLIT_REQUEST": True,
    "ENUM_NAME_OVERRIDES": {
        "Stage": "clients.stage.Stage",
        "ReportedStage": "casework.relapse.models.report.REPORTED_STAGES",
        "ClientState": "clients.models.client.Client.State",
        "PlanState": "casework.followup.models.plans.PlanState",
        "ToDoState": "casework.followup.models.plans.ToDoState",
        "ToDoKind": "casework.followup.models.plans.ToDoKind",
        "ReportState": "casework.relapse.reporting.ReportState",
        "AssessmentState": "casework.relapse.models.StageAssessment.State",
        "SessionState": "sessions.models.session.State",
        "SessionKind": "sessions.models.session.Kind",
        "BookedKind": "api.serializers.calendar.KINDS",
        "Modality": "sessions.models.session.Modality",
        "CancelledBy": "sessions.models.session.CancelledBy",
        "NoteState": "sessions.models.notes.NoteState",
        "ContactPointKind": "clients.models.ContactPoint.Kind",
        "ContactPointState": "clients.models.ContactPoint.State",
        "MessageKind": "casework.followup.models.Message.Kind",
        "AnswerKind": "casework.followup.models.InboundMessage.Kind",
        "PermissionChannel": "clients.models.Permission.Channel",
        "PreferredChannel": "clients.models.Client.Channel",
        "ContactChannel": "casework.followup.models.ContactAttempt.Channel",
        "ContactOutcome": "casework.followup.models.ContactAttempt.Outcome",
        "AttemptOutcome": "casework.followup.models.Attempt.Outcome",
    },
}
