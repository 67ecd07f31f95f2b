"""Taking an emergency, recording it, or dismissing it as a false alarm."""

from typing import Any

from django.contrib.auth import get_user_model
from drf_spectacular.utils import extend_schema
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from api.idempotency import write
from api.serializers import emergencies as shapes
from api.serializers import followup
from api.views.base import RecordViewSet
from casework.followup.actions import emergencies
from casework.followup.actions.emergencies import Done
from clients.access import Role, Verb


class EmergencyActs(RecordViewSet):
    """The acts on a to-do that is an emergency; the others are declined."""

    @extend_schema(request=None, responses=followup.ToDoOut)
    @action(detail=True, methods=["post"])
    @write(Verb.COMPLETE_TODO)
    def acknowledge(self, request: Request, uid: Any) -> Response:
        return self.answer(self.act(emergencies.acknowledge_todo, todo_id=self.found().pk))

    @extend_schema(request=shapes.DismissIn, responses=followup.ToDoOut)
    @action(detail=True, methods=["post"])
    @write(Verb.COMPLETE_TODO)
    def dismiss(self, request: Request, uid: Any) -> Response:
        return self.answer(
            self.act(emergencies.dismiss_alarm, todo_id=self.found().pk, **self.given(shapes.DismissIn))
        )

    @extend_schema(request=shapes.EmergencyIn, responses={201: shapes.EmergencyOut})
    @action(detail=True, methods=["post"])
    @write(Verb.COMPLETE_TODO)
    def record(self, request: Request, uid: Any) -> Response:
        facts = self.given(shapes.EmergencyIn)
        supervisors = get_user_model().objects.filter(role=Role.SUPERVISOR, is_active=True)
        facts["supervisor"] = supervisors.filter(uid=facts.get("supervisor")).first()
        record = self.act(emergencies.record_emergency, todo_id=self.found().pk, done=Done(**facts))
        return Response(shapes.EmergencyOut(record).data, status=201)
