"""Rooms, and sessions that come back."""

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import ReadOnlyModelViewSet

from api.idempotency import write
from api.serializers import calendar as shapes
from api.views.base import Listable, Readable, RecordViewSet
from casework.followup.actions.series import change_series, end_series, schedule_series
from clients.access import Verb, can
from sessions.models import Room, Series


class RoomViewSet(ReadOnlyModelViewSet[Room]):
    """The rooms that can be booked."""

    queryset = Room.objects.in_use()
    serializer_class = shapes.RoomOut
    lookup_field = "uid"
    lookup_value_converter = "uuid"

    def get_queryset(self) -> QuerySet[Room]:
        rooms = super().get_queryset().select_related("site")
        if getattr(self, "swagger_fake_view", False) or can(self.request.user, Verb.VIEW_CLIENT):
            return rooms
        return rooms.none()


class SeriesViewSet(Listable, Readable, RecordViewSet):
    """Series of sessions of the clients that you may see. One session alone is moved or cancelled as such."""

    queryset = Series.objects.select_related("client", "counselor", "room", "continues")
    serializer_class = shapes.SeriesOut
    filterset_fields = {"client__uid": ["exact"], "counselor__uid": ["exact"]}

    @extend_schema(request=shapes.SeriesIn, responses={201: shapes.PlannedOut})
    @write(Verb.SCHEDULE_SESSION)
    def create(self, request: Request) -> Response:
        facts = self.given(shapes.SeriesIn)
        facts["client_id"] = self.found_client(facts.pop("client")).pk
        facts.setdefault("counselor", request.user)
        planned = self.act(schedule_series, **shapes.with_rule(facts))
        return Response(shapes.PlannedOut(planned).data, status=201)

    @extend_schema(request=shapes.SeriesChangeIn, responses=shapes.PlannedOut)
    @action(detail=True, methods=["post"])
    @write(Verb.SCHEDULE_SESSION)
    def change(self, request: Request, uid: Any) -> Response:
        series = self.found()
        facts = {"counselor": series.counselor, **self.given(shapes.SeriesChangeIn)}
        planned = self.act(change_series, series_id=series.pk, **shapes.with_rule(facts))
        return Response(shapes.PlannedOut(planned).data)

    @extend_schema(request=shapes.SeriesEndIn, responses=shapes.SeriesOut)
    @action(detail=True, methods=["post"])
    @write(Verb.SCHEDULE_SESSION)
    def end(self, request: Request, uid: Any) -> Response:
        ended, _off = self.act(end_series, series_id=self.found().pk, **self.given(shapes.SeriesEndIn))
        return self.answer(ended)
