"""Measures, their results, and what a client's phone is asked for."""

from typing import Any

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import ViewSet

from api.idempotency import write
from api.serializers import measures as shapes
from api.views.base import Listable, Readable, RecordViewSet
from casework.followup.actions import measures as acts
from casework.measures import packs
from casework.measures.models import MeasureRequest, MeasureResult
from clients.access import Verb


class MeasureViewSet(ViewSet):
    """The measures that can be given here: ours, and those of the packs in use."""

    @extend_schema(responses=shapes.MeasureOut(many=True))
    def list(self, request: Request) -> Response:
        usable = packs.usable(timezone.now())
        return Response(shapes.MeasureOut(list(usable.values()), many=True).data)


class ResultViewSet(Listable, Readable, RecordViewSet):
    """Results of measures. A score is no diagnosis; an incomplete result has null scores."""

    queryset = MeasureResult.objects.select_related("client", "session").prefetch_related("scorings")
    serializer_class = shapes.ResultOut
    filterset_fields = {"client__uid": ["exact"], "measure": ["exact"], "taken_at": ["gte", "lt"]}

    def get_serializer_class(self) -> Any:
        return shapes.ResultRow if self.action == "list" else shapes.ResultOut

    @extend_schema(request=shapes.ResultIn, responses={201: shapes.ResultOut})
    @write(Verb.GIVE_MEASURE)
    def create(self, request: Request) -> Response:
        sent = self.given(shapes.ResultIn)
        session = self.found_session(sent["session"]) if sent.get("session") else None
        client = self.found_client(sent["client"])
        kept = self.act(
            acts.submit_measure,
            client_id=client.pk,
            session_id=session.pk if session else None,
            **shapes.ResultIn.how(sent),
        )
        return self.answer(self.visible().get(pk=kept.pk), status=201)

    @extend_schema(request=shapes.VoidIn, responses=shapes.ResultOut)
    @action(detail=True, methods=["post"])
    @write(Verb.GIVE_MEASURE)
    def void(self, request: Request, uid: Any) -> Response:
        result = self.found()
        self.act(acts.void_measure, result_id=result.pk, **self.given(shapes.VoidIn))
        return self.answer(self.visible().get(pk=result.pk))


class RequestViewSet(Listable, Readable, RecordViewSet):
    """What clients' phones were asked for, by one-time links."""

    queryset = MeasureRequest.objects.select_related("client", "link").prefetch_related("results")
    serializer_class = shapes.RequestOut
    filterset_fields = {"client__uid": ["exact"]}

    @extend_schema(request=shapes.RequestIn, responses={201: shapes.RequestOut})
    @write(Verb.GIVE_MEASURE)
    def create(self, request: Request) -> Response:
        sent = self.given(shapes.RequestIn)
        client = self.found_client(sent["client"])
        asked = self.act(acts.send_measures, client_id=client.pk, measures=sent["measures"])
        return self.answer(self.visible().get(pk=asked.request.pk), status=201)
