"""The use calendar and looks back."""

from datetime import timedelta
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from api.idempotency import write
from api.serializers import recovery as shapes
from api.serializers.relapse import ReasonIn
from api.views.base import Listable, Readable, RecordViewSet
from casework.followup.actions import learning, use_calendar
from casework.relapse.models import DayMark, LearningReview, RelapseReport
from casework.relapse.use_calendar import LONGEST, WINDOWS
from casework.relapse.use_calendar import use_calendar as calendar_of
from clients import audit, doors
from clients.access import Verb
from clients.dates import EARLIEST
from clients.errors import InvalidInput
from clients.models import Client

NINETY = timedelta(days=89)


class DayViewSet(Listable, Readable, RecordViewSet):
    """Words on single days. A later word of the same source replaces its earlier one, which stays in the list."""

    queryset = DayMark.objects.select_related("client", "session", "substance")
    serializer_class = shapes.DayMarkOut
    filterset_fields = {"client__uid": ["exact"], "on": ["exact", "gte", "lte"], "state": ["exact"]}

    @extend_schema(request=shapes.DaysIn, responses={201: shapes.DayMarkOut(many=True)})
    @write(Verb.REPORT_RELAPSE)
    def create(self, request: Request) -> Response:
        """Use that no report speaks of opens a to-do to record one; nothing goes out."""
        facts = self.given(shapes.DaysIn)
        client = self.found_client(facts.pop("client"))
        if not facts["used"]:
            facts = {name: facts.get(name) for name in ("days", "used", "source", "certainty", "session")}
        session = self.found_session(facts["session"]) if facts.get("session") else None
        done = self.act(use_calendar.mark_days, client_id=client.pk, **facts | {"session": session})
        rows = self.visible().filter(pk__in=[mark.pk for mark in done.marks])
        return Response(self.get_serializer(rows, many=True).data, status=201)

    @extend_schema(request=ReasonIn, responses=shapes.DayMarkOut)
    @action(detail=True, methods=["post"])
    @write(Verb.REPORT_RELAPSE)
    def withdraw(self, request: Request, uid: Any) -> Response:
        """It stays readable."""
        mark = self.found()
        self.act(use_calendar.withdraw_mark, mark_id=mark.pk, **self.given(ReasonIn))
        return self.answer(self.visible().get(pk=mark.pk))

    @extend_schema(parameters=[shapes.CalendarIn], responses=shapes.CalendarOut, filters=False)
    @action(detail=False, methods=["get"], pagination_class=None)
    def calendar(self, request: Request) -> Response:
        """Every day with all that was said of it, and what the last 30 and 90 of them come to."""
        asked = shapes.CalendarIn(data=request.query_params)
        asked.is_valid(raise_exception=True)
        client = doors.client_or_404(request, asked.validated_data["client"])
        shown = _shown(client, asked.validated_data)
        audit.record(audit.VIEWED, by=request.user, at=timezone.now(), client_id=client.pk, target=client)
        metrics = [shown.metrics(window) for window in WINDOWS]
        return Response(shapes.CalendarOut({"days": shown.days, "metrics": metrics}).data)


def _shown(client: Client, asked: dict[str, Any]) -> Any:
    last = asked.get("last") or timezone.localdate(timezone.now(), client.zone)
    if last < EARLIEST:
        raise InvalidInput(_("This day lies before anybody's time. Check the year."), field="last")
    first = asked.get("first") or last - NINETY
    if not 0 <= (last - first).days < LONGEST:
        raise InvalidInput(_("Ask for one to 366 days."), field="first")
    return calendar_of(client, first=first, last=last)


class ReviewViewSet(Listable, Readable, RecordViewSet):
    """Looks back at returns to use. Finishing one takes what it found into the prevention plan."""

    queryset = LearningReview.objects.select_related("client", "report", "plan").prefetch_related("links")
    serializer_class = shapes.ReviewOut
    filterset_fields = {"client__uid": ["exact"], "state": ["exact"], "report__uid": ["exact"]}

    @extend_schema(request=shapes.ReviewIn, responses={201: shapes.ReviewOut})
    @write(Verb.RUN_PLAN)
    def create(self, request: Request) -> Response:
        """Whole and finished; the to-do that asked for it is done."""
        sent = self.given(shapes.ReviewIn)
        report = doors.record_or_404(request, RelapseReport.objects.all(), sent["report"])
        told = shapes.ReviewIn.told(sent)
        done = self.act(learning.finish_review, report_id=report.pk, version=sent["version"], told=told)
        return self.answer(self.visible().get(pk=done.review.pk), status=201)
