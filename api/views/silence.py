"""Silences with what was decided about them, and who is away with whom to cover."""

from typing import Any

from django.contrib.auth import get_user_model
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from api.idempotency import write
from api.serializers import silence as shapes
from api.views.base import Listable, Readable, RecordViewSet
from casework.followup.actions import deciding
from casework.followup.models import LadderRung
from clients import absences
from clients.access import Verb
from clients.errors import InvalidInput
from clients.models import Absence, EmergencyContact


class RungViewSet(Listable, Readable, RecordViewSet):
    """The rungs that silences have reached, U1 to U4; supervisors decide what is done."""

    queryset = LadderRung.objects.select_related("client", "plan", "todo", "decided_by")
    serializer_class = shapes.RungOut
    filterset_fields = {"client__uid": ["exact"], "rung": ["exact"], "ended_at": ["isnull"]}

    @extend_schema(request=shapes.DecisionIn, responses=shapes.RungOut)
    @action(detail=True, methods=["post"])
    @write(Verb.DECIDE_SILENCE)
    def decide(self, request: Request, uid: Any) -> Response:
        """Only what the rung offers and the client has agreed to."""
        rung, facts = self.found(), self.given(shapes.DecisionIn)
        named = facts.pop("emergency_contact", None)
        contact = EmergencyContact.objects.of(rung.client).filter(uid=named).first() if named else None
        return self.answer(
            self.act(deciding.decide_rung, rung_id=rung.pk, emergency_contact=contact, **facts)
        )


class AbsenceViewSet(Listable, Readable, RecordViewSet):
    """Who is away: oneself, those whom one covers for, and those whom one supervises."""

    queryset = Absence.objects.select_related("user", "cover")
    serializer_class = shapes.AbsenceOut

    def visible(self) -> QuerySet[Any]:
        return absences.known_to(self.request.user, timezone.now())

    @extend_schema(request=shapes.AbsenceIn, responses={201: shapes.AbsenceOut})
    @write(Verb.ARRANGE_ABSENCE)
    def create(self, request: Request) -> Response:
        """Without `user`, one's own."""
        facts = self.given(shapes.AbsenceIn)
        user = _person(facts.pop("user", request.user.uid), "user")
        facts["cover"] = _person(facts["cover"], "cover")
        return self.answer(self.act(absences.arrange_absence, user=user, **facts), status=201)

    @extend_schema(request=shapes.CoverIn, responses=shapes.AbsenceOut)
    @action(detail=True, methods=["post"])
    @write(Verb.ARRANGE_ABSENCE)
    def cover(self, request: Request, uid: Any) -> Response:
        """Somebody else for what is left of it."""
        absence = self.found()
        cover = _person(self.given(shapes.CoverIn)["cover"], "cover")
        return self.answer(self.act(absences.change_cover, absence_id=absence.pk, cover=cover))

    @extend_schema(request=None, responses=shapes.AbsenceOut)
    @action(detail=True, methods=["post"])
    @write(Verb.ARRANGE_ABSENCE)
    def end(self, request: Request, uid: Any) -> Response:
        return self.answer(self.act(absences.end_absence, absence_id=self.found().pk))


def _person(uid: Any, field: str) -> Any:
    """The colleague whom the program names, or nobody where it names none."""
    if uid is None:
        return None
    found = get_user_model().objects.filter(uid=uid).first()
    if found is None:
        raise InvalidInput(_("Nobody here has this uid."), field=field)
    return found
