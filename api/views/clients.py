"""Clients and what belongs to them."""

from typing import Any

from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import BaseSerializer
from rest_framework.viewsets import ReadOnlyModelViewSet

from api.idempotency import write
from api.serializers import clients as shapes
from api.serializers.followup import MessageOut
from api.views.base import Listable, Readable, RecordViewSet
from casework.followup.actions.endings import withdraw_permission
from casework.followup.actions.links import send_plan
from casework.followup.actions.pausing import pause_client, resume_client
from casework.followup.actions.transferring import transfer_client
from clients import actions, doors
from clients.access import Verb
from clients.errors import InvalidInput
from clients.models import (
    Client,
    ClientSubstance,
    ContactPoint,
    EpisodeOfCare,
    Permission,
    Substance,
    Team,
)
from clients.teams import open_to


class ClientViewSet(Listable, Readable, RecordViewSet):
    """The clients that you may see. `q` searches names, phones and record numbers."""

    queryset = Client.objects.for_list()
    serializer_class = shapes.ClientOut
    filterset_fields = ("state",)

    def found(self, *, viewing: bool = False) -> Any:
        """The client; the address of a merged record leads to the one that stands for it."""
        return doors.client_or_404(self.request, self.kwargs["uid"], viewing=viewing)

    def filter_queryset(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        found = super().filter_queryset(queryset)
        words = self.request.query_params.get("q")
        return found if words is None else found.matching(words)

    @extend_schema(parameters=[OpenApiParameter("q", str, description="Name, phone or record number")])
    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return super().list(request, *args, **kwargs)

    def _act(self, verb: Any, shape: type[BaseSerializer[Any]], *, partial: bool = False) -> Any:
        client = self.found_client(self.kwargs["uid"])
        return self.act(verb, client_id=client.pk, **self.given(shape, partial=partial))

    @extend_schema(request=shapes.ClientIn, responses={201: shapes.ClientOut})
    @write(Verb.REGISTER_CLIENT)
    def create(self, request: Request) -> Response:
        facts, theirs = self.given(shapes.ClientIn), open_to(request.user, now=timezone.now())
        if not theirs.filter(pk=facts["team"].pk).exists():
            raise InvalidInput(_("Choose one of your own teams."), field="team")
        client = self.act(actions.register_client, **facts)
        return self.answer(client, status=201)

    @extend_schema(request=shapes.ClientChangeIn, responses=shapes.ClientOut)
    @write(Verb.EDIT_CLIENT)
    def partial_update(self, request: Request, uid: Any) -> Response:
        return self.answer(self._act(actions.update_client, shapes.ClientChangeIn, partial=True))

    @extend_schema(request=shapes.PauseIn, responses=shapes.ClientOut)
    @action(detail=True, methods=["post"])
    @write(Verb.EDIT_CLIENT)
    def pause(self, request: Request, uid: Any) -> Response:
        self._act(pause_client, shapes.PauseIn)
        return self.answer(self.found())

    @extend_schema(request=shapes.TransferIn, responses=shapes.ClientOut)
    @action(detail=True, methods=["post"])
    @write(Verb.ASSIGN_COUNSELOR)
    def transfer(self, request: Request, uid: Any) -> Response:
        self._act(transfer_client, shapes.TransferIn)
        return self.answer(self.found())

    @extend_schema(request=shapes.ResumeIn, responses=shapes.ClientOut)
    @action(detail=True, methods=["post"])
    @write(Verb.EDIT_CLIENT)
    def resume(self, request: Request, uid: Any) -> Response:
        self._act(resume_client, shapes.ResumeIn)
        return self.answer(self.found())

    @extend_schema(responses=shapes.ContactPointOut(many=True), filters=False)
    @action(detail=True, url_path="contact-points", pagination_class=None)
    def contact_points(self, request: Request, uid: Any) -> Response:
        rows = ContactPoint.objects.of(self.found(viewing=True))
        return Response(shapes.ContactPointOut(rows, many=True).data)

    @extend_schema(request=shapes.ContactPointIn, responses={201: shapes.ContactPointOut})
    @contact_points.mapping.post
    @write(Verb.EDIT_CLIENT)
    def add_contact_point(self, request: Request, uid: Any) -> Response:
        point = self._act(actions.add_contact_point, shapes.ContactPointIn)
        return Response(shapes.ContactPointOut(point).data, status=201)

    @extend_schema(responses=shapes.PermissionOut(many=True), filters=False)
    @action(detail=True, pagination_class=None)
    def permissions(self, request: Request, uid: Any) -> Response:
        rows = Permission.objects.of(self.found(viewing=True))
        return Response(shapes.PermissionOut(rows, many=True).data)

    @extend_schema(request=shapes.PermissionIn, responses={201: shapes.PermissionOut})
    @permissions.mapping.post
    @write(Verb.MANAGE_PERMISSIONS)
    def grant_permission(self, request: Request, uid: Any) -> Response:
        permission = self._act(actions.grant_permission, shapes.PermissionIn)
        return Response(shapes.PermissionOut(permission).data, status=201)

    @extend_schema(request=shapes.WithdrawalIn, responses=shapes.PermissionOut(many=True))
    @action(detail=True, methods=["post"], url_path="permissions/withdraw", pagination_class=None)
    @write(Verb.MANAGE_PERMISSIONS)
    def withdraw_permission(self, request: Request, uid: Any) -> Response:
        rows = self._act(withdraw_permission, shapes.WithdrawalIn)
        return Response(shapes.PermissionOut(rows, many=True).data)

    @extend_schema(request=None, responses={201: MessageOut})
    @action(detail=True, methods=["post"], url_path="send-plan")
    @write(Verb.SEND_MESSAGE)
    def send_plan(self, request: Request, uid: Any) -> Response:
        """Text the client a one-time link to the prevention plan that both signed."""
        message = self.act(send_plan, client_id=self.found().pk)
        return Response(MessageOut(message).data, status=201)

    @extend_schema(responses=shapes.ClientSubstanceOut(many=True), filters=False)
    @action(detail=True, pagination_class=None)
    def substances(self, request: Request, uid: Any) -> Response:
        rows = ClientSubstance.objects.of(self.found(viewing=True)).select_related("substance")
        return Response(shapes.ClientSubstanceOut(rows, many=True).data)

    @extend_schema(request=shapes.ClientSubstanceIn, responses={201: shapes.ClientSubstanceOut})
    @substances.mapping.post
    @write(Verb.EDIT_CLIENT)
    def set_substance(self, request: Request, uid: Any) -> Response:
        row = self._act(actions.set_substance, shapes.ClientSubstanceIn)
        return Response(shapes.ClientSubstanceOut(row).data, status=201)

    @extend_schema(responses=shapes.EpisodeOfCareOut(many=True), filters=False)
    @action(detail=True, pagination_class=None)
    def episodes(self, request: Request, uid: Any) -> Response:
        rows = EpisodeOfCare.objects.of(self.found(viewing=True))
        return Response(shapes.EpisodeOfCareOut(rows, many=True).data)

    @extend_schema(request=shapes.AdmissionIn, responses={201: shapes.EpisodeOfCareOut})
    @episodes.mapping.post
    @write(Verb.EDIT_CLIENT)
    def admit(self, request: Request, uid: Any) -> Response:
        episode = self._act(actions.admit, shapes.AdmissionIn)
        return Response(shapes.EpisodeOfCareOut(episode).data, status=201)

    @extend_schema(responses=shapes.CareTeamOut(many=True), filters=False)
    @action(detail=True, url_path="care-team", pagination_class=None)
    def care_team(self, request: Request, uid: Any) -> Response:
        rows = self.found(viewing=True).care_team.select_related("user")
        return Response(shapes.CareTeamOut(rows, many=True).data)


class SubstanceViewSet(ReadOnlyModelViewSet[Substance]):
    """The catalogue."""

    queryset = Substance.objects.filter(is_active=True)
    serializer_class = shapes.SubstanceOut
    lookup_field = "key"
    filterset_fields = ("klass",)


class TeamViewSet(ReadOnlyModelViewSet[Team]):
    """The teams into which you may take a client."""

    queryset = Team.objects.none()
    serializer_class = shapes.TeamOut
    lookup_field = "uid"
    lookup_value_converter = "uuid"

    def get_queryset(self) -> QuerySet[Team]:
        if getattr(self, "swagger_fake_view", False):
            return super().get_queryset()
        return open_to(self.request.user, now=timezone.now())
