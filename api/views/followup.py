"""Plans, messages, to-dos, contacts and what clients answered."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from api.idempotency import write
from api.serializers import followup as shapes
from api.views.base import Listable, Readable, RecordViewSet
from api.views.emergencies import EmergencyActs
from casework.followup.actions import answers, contacts, steps, todos
from casework.followup.models import ContactAttempt, FollowUpPlan, InboundMessage, Message, ToDo
from clients.access import Verb


class PlanViewSet(Listable, Readable, RecordViewSet):
    """Follow-up plans: at most one is running for a client."""

    queryset = FollowUpPlan.objects.select_related("client", "report")
    serializer_class = shapes.PlanOut
    filterset_fields = {"client__uid": ["exact"], "state": ["exact"], "stage": ["exact"]}

    @extend_schema(responses=shapes.StepChangeOut(many=True), filters=False)
    @action(detail=True, pagination_class=None)
    def changes(self, request: Request, uid: Any) -> Response:
        """Steps added, moved and dropped by hand, each with its reason."""
        rows = self.found(viewing=True).changes.select_related("message", "todo").order_by("at", "pk")
        return Response(shapes.StepChangeOut(rows, many=True).data)

    @extend_schema(request=shapes.MessageStepIn, responses={201: shapes.StepChangeOut})
    @action(detail=True, methods=["post"], url_path="message-steps")
    @write(Verb.RUN_PLAN)
    def message_steps(self, request: Request, uid: Any) -> Response:
        """One more message. Refused, the day named, where it would break the caps."""
        return self._changed(steps.add_message_step, shapes.MessageStepIn, status=201)

    @extend_schema(request=shapes.ToDoStepIn, responses={201: shapes.StepChangeOut})
    @action(detail=True, methods=["post"], url_path="todo-steps")
    @write(Verb.RUN_PLAN)
    def todo_steps(self, request: Request, uid: Any) -> Response:
        return self._changed(steps.add_todo_step, shapes.ToDoStepIn, status=201)

    @extend_schema(request=shapes.MoveStepIn, responses=shapes.StepChangeOut)
    @action(detail=True, methods=["post"], url_path="move-step")
    @write(Verb.RUN_PLAN)
    def move_step(self, request: Request, uid: Any) -> Response:
        return self._changed(steps.move_step, shapes.MoveStepIn)

    @extend_schema(request=shapes.DropStepIn, responses=shapes.StepChangeOut)
    @action(detail=True, methods=["post"], url_path="drop-step")
    @write(Verb.RUN_PLAN)
    def drop_step(self, request: Request, uid: Any) -> Response:
        """Leave a step out; it stays readable with its reason."""
        return self._changed(steps.drop_step, shapes.DropStepIn)

    def _changed(self, act: Any, shape: type[Any], *, status: int = 200) -> Response:
        change = self.act(act, plan_id=self.found().pk, **self.given(shape))
        return Response(shapes.StepChangeOut(change).data, status=status)


class MessageViewSet(Listable, Readable, RecordViewSet):
    """Messages, each with why it went, waits, was held or was cancelled. Plans make them; this door only tells."""

    queryset = Message.objects.select_related("client", "plan")
    serializer_class = shapes.MessageOut
    filterset_fields = {"client__uid": ["exact"], "status": ["exact"], "plan__uid": ["exact"]}

    @extend_schema(responses=shapes.AttemptOut(many=True), filters=False)
    @action(detail=True, pagination_class=None)
    def attempts(self, request: Request, uid: Any) -> Response:
        rows = self.found(viewing=True).attempts.order_by("n")
        return Response(shapes.AttemptOut(rows, many=True).data)


class ToDoViewSet(EmergencyActs, Listable, Readable, RecordViewSet):
    """What people are asked to do, and by when."""

    queryset = ToDo.objects.select_related("client", "plan", "owner")
    serializer_class = shapes.ToDoOut
    filterset_fields = {"client__uid": ["exact"], "state": ["exact"], "kind": ["exact"], "due_at": ["lt"]}

    @extend_schema(request=shapes.DoneIn, responses=shapes.ToDoOut)
    @action(detail=True, methods=["post"])
    @write(Verb.COMPLETE_TODO)
    def complete(self, request: Request, uid: Any) -> Response:
        return self.answer(
            self.act(todos.complete_todo, todo_id=self.found().pk, **self.given(shapes.DoneIn))
        )

    @extend_schema(request=None, responses=shapes.ToDoOut)
    @action(detail=True, methods=["post"])
    @write(Verb.COMPLETE_TODO)
    def reopen(self, request: Request, uid: Any) -> Response:
        return self.answer(self.act(todos.reopen_todo, todo_id=self.found().pk))


class ContactViewSet(Listable, Readable, RecordViewSet):
    """Tries to reach a client. Only `reached` is a contact; a voicemail is an attempt."""

    queryset = ContactAttempt.objects.select_related("client")
    serializer_class = shapes.ContactOut
    filterset_fields = {"client__uid": ["exact"], "outcome": ["exact"]}

    @extend_schema(request=shapes.ContactIn, responses={201: shapes.ContactOut})
    @write(Verb.LOG_CONTACT)
    def create(self, request: Request) -> Response:
        facts = self.given(shapes.ContactIn)
        client = self.found_client(facts.pop("client"))
        return self.answer(self.act(contacts.log_contact, client_id=client.pk, **facts), status=201)


class AnswerViewSet(Listable, Readable, RecordViewSet):
    """What clients wrote back."""

    queryset = InboundMessage.objects.select_related("client")
    serializer_class = shapes.AnswerOut
    filterset_fields = {"client__uid": ["exact"], "kind": ["exact"]}

    @extend_schema(request=None, responses=shapes.AnswerOut)
    @action(detail=True, methods=["post"])
    @write(Verb.READ_INBOX)
    def read(self, request: Request, uid: Any) -> Response:
        return self.answer(self.act(answers.mark_answer_read, inbound_id=self.found().pk))

    @extend_schema(request=None, responses=shapes.AnswerOut)
    @action(detail=True, methods=["post"])
    @write(Verb.READ_INBOX)
    def handled(self, request: Request, uid: Any) -> Response:
        return self.answer(self.act(answers.mark_handled, inbound_id=self.found().pk))
