"""The thread with a client, and writing to them."""

from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from api.idempotency import write
from api.serializers.followup import MessageOut
from api.serializers.threads import TextIn, ThreadOut
from api.views.base import RecordViewSet
from casework.followup import actions, threads
from casework.followup.models import InboundMessage
from clients.access import Verb, require
from clients.errors import InvalidInput
from clients.models import Client


class ThreadViewSet(RecordViewSet):
    """What was written both ways with a client, by the client's `uid`."""

    queryset = Client.objects.all()
    serializer_class = ThreadOut

    @extend_schema(parameters=[OpenApiParameter("before", OpenApiTypes.DATETIME)], responses=ThreadOut)
    def retrieve(self, request: Request, uid: Any) -> Response:
        require(request.user, Verb.READ_INBOX)
        client = self.found(viewing=True)
        found = threads.thread(client, now=timezone.now(), before=self._before())
        page = {
            "client": client.uid,
            "unread": found.unread,
            "older_than": found.older_than,
            "messages": found.said,
        }
        return Response(ThreadOut(page).data)

    def _before(self) -> Any:
        sent = self.request.query_params.get("before")
        return serializers.DateTimeField().run_validation(sent) if sent else None

    @extend_schema(request=TextIn, responses={201: MessageOut})
    @action(detail=True, methods=["post"])
    @write(Verb.SEND_MESSAGE)
    def texts(self, request: Request, uid: Any) -> Response:
        client, facts = self.found(), self.given(TextIn)
        answers = facts.pop("answers", None)
        if answers is not None:
            facts["answers"] = InboundMessage.objects.of(client).filter(uid=answers).first()
            if facts["answers"] is None:
                raise InvalidInput(_("The client wrote no such message."), field="answers")
        message = self.act(actions.send_text, client_id=client.pk, **facts)
        return Response(MessageOut(message).data, status=201)
