"""Plans, messages, to-dos, contacts and what clients answered."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from api.idempotency import write
from api.serializers import followup as shapes
from api.views.base import Listable, Readable, RecordViewSet
from casework.followup.actions import answers, contacts, todos
from casework.followup.models import ContactAttempt, FollowUpPlan, InboundMessage, Message, ToDo
from clients.access import Verb


class PlanViewSet(Listable, Readable, RecordViewSet):
    """Follow-up plans: at most one is running for a client."""

    queryset = FollowUpPlan.objects.select_related("client", "report")
    serializer_class = shapes.PlanOut
    filterset_fields = {"client__uid": ["exact"], "state": ["exact"], "stage": ["exact"]}


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


class ToDoViewSet(Listable, Readable, RecordViewSet):
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
