"""Groups, members, meetings, attendance and the note that all share."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from api.idempotency import write
from api.serializers import groups as shapes
from api.serializers.sessions import NoteRow
from api.views.base import Listable, Readable, RecordViewSet
from casework.followup.actions import groups as acts
from clients.access import Verb
from clients.errors import NotAllowed
from sessions.actions import group_notes
from sessions.actions import groups as actions
from sessions.models import Group, GroupMeeting, GroupMembership
from sessions.roster import attendance


class GroupViewSet(Listable, Readable, RecordViewSet):
    """The groups that you lead or supervise. Meetings to come are called off when one ends; nothing written goes."""

    queryset = Group.objects.select_related("team", "facilitator", "co_facilitator", "room")
    serializer_class = shapes.GroupOut
    filterset_fields = {"state": ["exact"]}

    @extend_schema(request=shapes.GroupIn, responses={201: shapes.GroupOut})
    @write(Verb.SCHEDULE_SESSION)
    def create(self, request: Request) -> Response:
        given = {"facilitator": request.user, **self.given(shapes.GroupIn)}
        return self.answer(self.act(actions.begin_group, **given), status=201)

    @extend_schema(request=shapes.TopicIn, responses={201: shapes.TopicOut})
    @action(detail=True, methods=["post"])
    @write(Verb.SCHEDULE_SESSION)
    def topics(self, request: Request, uid: Any) -> Response:
        topic = self.act(actions.add_topic, group_id=self.found().pk, **self.given(shapes.TopicIn))
        return Response(shapes.TopicOut(topic).data, status=201)

    @extend_schema(request=shapes.JoinIn, responses={201: shapes.MembershipOut})
    @action(detail=True, methods=["post"])
    @write(Verb.SCHEDULE_SESSION)
    def join(self, request: Request, uid: Any) -> Response:
        group, wanted = self.found(), self.given(shapes.JoinIn)["client"]
        client = self.found_client(wanted)
        place = self.act(acts.join_group, group_id=group.pk, client_id=client.pk)
        return Response(shapes.MembershipOut(place).data, status=201)

    @extend_schema(request=shapes.MeetingsIn, responses={201: shapes.MeetingsOut})
    @action(detail=True, methods=["post"])
    @write(Verb.SCHEDULE_SESSION)
    def meetings(self, request: Request, uid: Any) -> Response:
        group, given = self.found(), self.given(shapes.MeetingsIn)
        plan = acts.plan_meetings if "every" in given else acts.plan_meeting
        planned = self.act(plan, group_id=group.pk, **given)
        return Response(shapes.MeetingsOut(planned).data, status=201)

    @extend_schema(request=None, responses=shapes.GroupOut)
    @action(detail=True, methods=["post"])
    @write(Verb.SCHEDULE_SESSION)
    def end(self, request: Request, uid: Any) -> Response:
        return self.answer(self.act(acts.end_group, group_id=self.found().pk))


class MembershipViewSet(Listable, Readable, RecordViewSet):
    """Who belongs and belonged to a group, among the clients that you may see."""

    queryset = GroupMembership.objects.select_related("client", "group", "added_by", "left_by")
    serializer_class = shapes.MembershipOut
    filterset_fields = {"client__uid": ["exact"], "group__uid": ["exact"], "left_at": ["isnull"]}

    @extend_schema(request=shapes.LeaveIn, responses=shapes.MembershipOut)
    @action(detail=True, methods=["post"])
    @write(Verb.SCHEDULE_SESSION)
    def leave(self, request: Request, uid: Any) -> Response:
        place = self.found()
        return self.answer(self.act(acts.leave_group, membership_id=place.pk, **self.given(shapes.LeaveIn)))


class MeetingViewSet(Listable, Readable, RecordViewSet):
    """Meetings of the groups that you see."""

    queryset = GroupMeeting.objects.select_related("group", "counselor", "co_counselor", "room", "topic")
    serializer_class = shapes.MeetingOut
    filterset_fields = {"group__uid": ["exact"], "state": ["exact"], "starts_at": ["gte", "lt"]}

    @extend_schema(request=shapes.MeetingIn, responses=shapes.MeetingsOut)
    @action(detail=True, methods=["post"])
    @write(Verb.SCHEDULE_SESSION)
    def move(self, request: Request, uid: Any) -> Response:
        moved = self.act(acts.move_meeting, meeting_id=self.found().pk, **self.given(shapes.MeetingIn))
        return Response(shapes.MeetingsOut(moved).data)

    @extend_schema(request=shapes.CallOffIn, responses=shapes.MeetingOut)
    @action(detail=True, methods=["post"])
    @write(Verb.SCHEDULE_SESSION)
    def cancel(self, request: Request, uid: Any) -> Response:
        found = self.found()
        return self.answer(self.act(acts.cancel_meeting, meeting_id=found.pk, **self.given(shapes.CallOffIn)))

    @extend_schema(responses=shapes.AttendanceOut(many=True))
    @action(detail=True, pagination_class=None, filterset_fields={})
    def attendance(self, request: Request, uid: Any) -> Response:
        return self._rows(self.found(viewing=True))

    @extend_schema(request=shapes.MarkIn, responses=shapes.AttendanceOut(many=True))
    @action(detail=True, methods=["post"])
    @write(Verb.HOLD_SESSION)
    def mark(self, request: Request, uid: Any) -> Response:
        meeting, given = self.found(), self.given(shapes.MarkIn)
        client = self.found_client(given["client"])
        self.act(acts.mark, meeting_id=meeting.pk, client_id=client.pk, mark=given["mark"])
        return self._rows(meeting)

    def _rows(self, meeting: GroupMeeting) -> Response:
        rows = self.act(_attendance, meeting=meeting).rows
        return Response(shapes.AttendanceOut(rows, many=True).data)

    @extend_schema(request=shapes.HeldIn, responses=shapes.MeetingOut)
    @action(detail=True, methods=["post"])
    @write(Verb.HOLD_SESSION)
    def close(self, request: Request, uid: Any) -> Response:
        found = self.found()
        return self.answer(self.act(acts.close_meeting, meeting_id=found.pk, **self.given(shapes.HeldIn)))

    @extend_schema(responses=shapes.SharedOut)
    @action(detail=True)
    def note(self, request: Request, uid: Any) -> Response:
        """The shared draft, for whoever writes it."""
        meeting = self.found(viewing=True)
        if meeting.counselor_id != request.user.pk:
            raise NotAllowed("A draft is readable by its author alone.")
        return Response(shapes.SharedOut(meeting).data)

    @extend_schema(request=shapes.SharedIn, responses=shapes.SharedOut)
    @action(detail=True, methods=["post"])
    @write(Verb.WRITE_NOTE)
    def save_note(self, request: Request, uid: Any) -> Response:
        found = self.found()
        saved = self.act(group_notes.save_shared, meeting_id=found.pk, **self.given(shapes.SharedIn))
        return Response(shapes.SharedOut(saved).data)

    @extend_schema(request=shapes.FileIn, responses=NoteRow(many=True))
    @action(detail=True, methods=["post"])
    @write(Verb.WRITE_NOTE)
    def file_note(self, request: Request, uid: Any) -> Response:
        """Copy the shared text into the draft of everybody who came; each is then signed as a note."""
        found = self.found()
        notes = self.act(group_notes.file_notes, meeting_id=found.pk, **self.given(shapes.FileIn))
        return Response(NoteRow(notes, many=True).data)


def _attendance(*, meeting: GroupMeeting, by: Any, now: Any) -> Any:
    return attendance(meeting, by, now)
