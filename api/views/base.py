"""What every view of the API shares: find among what is visible, act, answer; lists are audited."""

from typing import Any

from django.db.models import Model, QuerySet
from django.utils import timezone
from django_filters.rest_framework import DjangoFilterBackend
from rest_framework.response import Response
from rest_framework.serializers import BaseSerializer
from rest_framework.viewsets import GenericViewSet

from clients import audit, doors
from clients.models import Client
from sessions.models import Session


class RecordViewSet(GenericViewSet[Any]):
    """Records of clients. A subclass names its model's queryset and its output serializer."""

    lookup_field = "uid"
    lookup_value_converter = "uuid"

    def visible(self) -> QuerySet[Any]:
        """The rows that the signed-in person may see now."""
        queryset: Any = super().get_queryset()
        return queryset.visible_to(self.request.user, at=timezone.now())

    def get_queryset(self) -> QuerySet[Any]:
        if getattr(self, "swagger_fake_view", False):
            return super().get_queryset()
        return self.visible()

    def found(self, *, viewing: bool = False) -> Any:
        """The record of the address; 404, audited, for whoever may not see it."""
        return doors.found_or_404(self.request, self.visible(), self.kwargs["uid"], viewing=viewing)

    def found_session(self, uid: Any) -> Session:
        return doors.record_or_404(self.request, Session.objects.all(), uid)

    def found_client(self, uid: Any) -> Client:
        return doors.client_or_404(self.request, uid)

    def listed(self) -> Response:
        """One audited page of the visible rows that match the filters."""
        page = self.paginate_queryset(self.filter_queryset(self.get_queryset())) or []
        self._audit_page(page)
        return self.get_paginated_response(self.get_serializer(page, many=True).data)

    def _audit_page(self, page: list[Model]) -> None:
        sent = self.request.query_params
        filters = {key: sent[key] for key in (*self.filters(), "cursor") if key in sent}
        name = f"api.{self.queryset.model._meta.label_lower}"
        ids = [row.pk for row in page]
        audit.record_list(name, by=self.request.user, at=timezone.now(), filters=filters, ids=ids)

    def filters(self) -> list[str]:
        """The filters of the address, whose values are codes; what somebody typed into a search is not kept."""
        shape = DjangoFilterBackend().get_filterset_class(self, self.queryset)
        return list(shape.base_filters) if shape else []

    def given(self, shape: type[BaseSerializer[Any]], *, partial: bool = False) -> dict[str, Any]:
        """What was sent, checked for shape; each field at fault is named."""
        sent = shape(data=self.request.data, partial=partial)
        sent.is_valid(raise_exception=True)
        return sent.validated_data

    def act(self, verb: Any, **facts: Any) -> Any:
        """Run one act as the signed-in person, now."""
        return verb(by=self.request.user, now=timezone.now(), **facts)

    def answer(self, record: Any, *, status: int = 200) -> Response:
        return Response(self.get_serializer(record).data, status=status)


class Listable:
    """GET of the collection."""

    def list(self, request: Any, *args: Any, **kwargs: Any) -> Response:
        return self.listed()


class Readable:
    """GET of one record; the look is audited."""

    def retrieve(self, request: Any, *args: Any, **kwargs: Any) -> Response:
        return self.answer(self.found(viewing=True))
