"""Sessions and notes."""

from typing import Any

from django.db.models import QuerySet
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from api.idempotency import write
from api.serializers import sessions as shapes
from api.serializers.calendar import ChangeOut, MoveIn
from api.views.base import Listable, Readable, RecordViewSet
from casework.followup.actions.sessions import (
    cancel_session,
    close_session,
    reschedule_session,
    schedule_session,
)
from clients.access import Verb
from sessions import actions
from sessions.models import Note, Session
from sessions.proof import prove


class SessionViewSet(Listable, Readable, RecordViewSet):
    """Counseling sessions of the clients that you may see."""

    queryset = Session.objects.select_related("client", "counselor", "room", "series").prefetch_related(
        "named_in"
    )
    serializer_class = shapes.SessionOut
    filterset_fields = {
        "client__uid": ["exact"],
        "counselor__uid": ["exact"],
        "series__uid": ["exact"],
        "kind": ["exact"],
        "state": ["exact"],
        "starts_at": ["gte", "lt"],
    }

    @extend_schema(request=shapes.SessionIn, responses={201: shapes.SessionOut})
    @write(Verb.SCHEDULE_SESSION)
    def create(self, request: Request) -> Response:
        facts = self.given(shapes.SessionIn)
        facts["client_id"] = self.found_client(facts.pop("client")).pk
        facts.setdefault("counselor", request.user)
        return self.answer(self.act(schedule_session, **facts), status=201)

    @extend_schema(request=None, responses=shapes.SessionOut)
    @action(detail=True, methods=["post"])
    @write(Verb.HOLD_SESSION)
    def start(self, request: Request, uid: Any) -> Response:
        return self.answer(self.act(actions.start, session_id=self.found().pk))

    @extend_schema(request=MoveIn, responses=shapes.SessionOut)
    @action(detail=True, methods=["post"])
    @write(Verb.SCHEDULE_SESSION)
    def move(self, request: Request, uid: Any) -> Response:
        return self.answer(self.act(reschedule_session, session_id=self.found().pk, **self.given(MoveIn)))

    @extend_schema(responses=ChangeOut(many=True), filters=False)
    @action(detail=True, pagination_class=None)
    def changes(self, request: Request, uid: Any) -> Response:
        """What became of the session: each change with who and when, oldest first."""
        rows = self.found(viewing=True).changes.select_related(
            "by", "counselor", "was_counselor", "room", "was_room"
        )
        return Response(ChangeOut(rows.order_by("at", "pk"), many=True).data)

    @extend_schema(request=shapes.OutcomeIn, responses=shapes.SessionOut)
    @action(detail=True, methods=["post"])
    @write(Verb.HOLD_SESSION)
    def close(self, request: Request, uid: Any) -> Response:
        session = self.found()
        return self.answer(self.act(close_session, session_id=session.pk, **self.given(shapes.OutcomeIn)))

    @extend_schema(request=shapes.CancellationIn, responses=shapes.SessionOut)
    @action(detail=True, methods=["post"])
    @write(Verb.SCHEDULE_SESSION)
    def cancel(self, request: Request, uid: Any) -> Response:
        session = self.found()
        return self.answer(
            self.act(cancel_session, session_id=session.pk, **self.given(shapes.CancellationIn))
        )


class NoteViewSet(Listable, Readable, RecordViewSet):
    """Signed notes, your own drafts, and what awaits your co-signature. Lists say that a note exists; its words come
    one note at a time."""

    queryset = Note.objects.select_related("client", "session__room").prefetch_related(
        "addenda__signatures", "signatures", "goals"
    )
    serializer_class = shapes.NoteOut
    filterset_fields = {"client__uid": ["exact"], "state": ["exact"]}

    def visible(self) -> QuerySet[Any]:
        return self.queryset.readable_by(self.request.user, at=timezone.now())

    def get_serializer_class(self) -> Any:
        return shapes.NoteRow if self.action == "list" else shapes.NoteOut

    def signed(self, verb: Any, **facts: Any) -> Any:
        """Run one act that gives a signature, with the proof that the password is."""
        now = timezone.now()
        proven_at = prove(self.request.user, facts.pop("password"), now=now)
        return verb(by=self.request.user, now=now, proven_at=proven_at, **facts)

    @extend_schema(request=shapes.DraftIn, responses={200: shapes.NoteOut})
    @write(Verb.WRITE_NOTE)
    def create(self, request: Request) -> Response:
        facts = self.given(shapes.DraftIn)
        session = self.found_session(facts.pop("session"))
        if "header" in facts:
            facts["header"] = shapes.HeaderIn().header(facts["header"])
        return self.answer(self.act(actions.save_draft, session_id=session.pk, **facts))

    @extend_schema(request=None, responses={204: None})
    @write(Verb.WRITE_NOTE)
    def destroy(self, request: Request, uid: Any) -> Response:
        """Set your own draft aside."""
        self.act(actions.delete_draft, note_id=self.found().pk)
        return Response(status=204)

    @extend_schema(request=shapes.SignatureIn, responses=shapes.NoteOut)
    @action(detail=True, methods=["post"])
    @write(Verb.WRITE_NOTE)
    def sign(self, request: Request, uid: Any) -> Response:
        note = self.found()
        return self.answer(
            self.signed(actions.sign, session_id=note.session_id, **self.given(shapes.SignatureIn))
        )

    @extend_schema(request=shapes.CosignatureIn, responses=shapes.NoteOut)
    @action(detail=True, methods=["post"])
    @write(Verb.COSIGN_NOTE)
    def cosign(self, request: Request, uid: Any) -> Response:
        note = self.found()
        return self.answer(self.signed(actions.cosign, note_id=note.pk, **self.given(shapes.CosignatureIn)))

    @extend_schema(request=shapes.NoteReturnIn, responses=shapes.NoteRow)
    @action(detail=True, methods=["post"], url_path="return", url_name="return")
    @write(Verb.COSIGN_NOTE)
    def send_back(self, request: Request, uid: Any) -> Response:
        note = self.act(actions.return_note, note_id=self.found().pk, **self.given(shapes.NoteReturnIn))
        return Response(shapes.NoteRow(note).data)

    @extend_schema(request=shapes.NoteVoidIn, responses=shapes.NoteOut)
    @action(detail=True, methods=["post"])
    @write(Verb.VOID_NOTE)
    def void(self, request: Request, uid: Any) -> Response:
        return self.answer(self.act(actions.void, note_id=self.found().pk, **self.given(shapes.NoteVoidIn)))

    @extend_schema(request=shapes.AddendumIn, responses={201: shapes.NoteOut})
    @action(detail=True, methods=["post"])
    @write(Verb.WRITE_NOTE)
    def addenda(self, request: Request, uid: Any) -> Response:
        note = self.found()
        self.signed(actions.add_addendum, note_id=note.pk, **self.given(shapes.AddendumIn))
        return self.answer(self.visible().get(pk=note.pk), status=201)
