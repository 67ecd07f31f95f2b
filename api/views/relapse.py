"""Assessments and reports."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from api.idempotency import write
from api.serializers import relapse as shapes
from api.views.base import Listable, Readable, RecordViewSet
from casework.followup.actions import reports
from casework.followup.actions.assessment import finalise_assessment
from casework.relapse.models import RelapseReport, StageAssessment
from clients.access import Verb


class AssessmentViewSet(Listable, Readable, RecordViewSet):
    """Stage assessments. The suggestion is not validated; the counselor's stage is the record."""

    queryset = StageAssessment.objects.select_related("client", "session", "assessor").prefetch_related(
        "signs"
    )
    serializer_class = shapes.AssessmentOut
    filterset_fields = {"client__uid": ["exact"], "state": ["exact"]}

    @extend_schema(request=shapes.AssessmentIn, responses={201: shapes.AssessmentOut})
    @write(Verb.ASSESS_STAGE)
    def create(self, request: Request) -> Response:
        sent = self.given(shapes.AssessmentIn)
        session = self.found_session(sent["session"]) if sent.get("session") else None
        client, sheet = self.found_client(sent["client"]), shapes.AssessmentIn.sheet(sent)
        done = self.act(finalise_assessment, client_id=client.pk, sheet=sheet, session=session)
        return self.answer(self.visible().get(pk=done.assessment.pk), status=201)


class ReportViewSet(Listable, Readable, RecordViewSet):
    """Relapse reports. Reporting starts the plan of its stage in the same transaction."""

    queryset = RelapseReport.objects.select_related("client", "episode__substance").prefetch_related(
        "episode__days"
    )
    serializer_class = shapes.ReportOut
    filterset_fields = {"client__uid": ["exact"], "state": ["exact"], "stage": ["exact"]}

    @extend_schema(request=shapes.ReportIn, responses={201: shapes.ReportOut})
    @write(Verb.REPORT_RELAPSE)
    def create(self, request: Request) -> Response:
        facts = self.given(shapes.ReportIn)
        client = self.found_client(facts.pop("client"))
        reported = self.act(reports.report_relapse, client_id=client.pk, **facts)
        return self.answer(self.visible().get(pk=reported.report.pk), status=201)

    @extend_schema(request=None, responses=shapes.ReportOut)
    @action(detail=True, methods=["post"])
    @write(Verb.DECIDE_REPORT)
    def confirm(self, request: Request, uid: Any) -> Response:
        confirmed = self.act(reports.confirm_report, report_id=self.found().pk)
        return self.answer(self.visible().get(pk=confirmed.report.pk))

    @extend_schema(request=shapes.ReasonIn, responses=shapes.ReportOut)
    @action(detail=True, methods=["post"])
    @write(Verb.DECIDE_REPORT)
    def retract(self, request: Request, uid: Any) -> Response:
        report = self.found()
        self.act(reports.retract_report, report_id=report.pk, **self.given(shapes.ReasonIn))
        return self.answer(self.visible().get(pk=report.pk))
