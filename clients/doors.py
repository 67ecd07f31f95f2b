"""How a page or an API call finds a record: among what the person may see, and never silently."""

from typing import Any, TypeVar
from uuid import UUID

from django.db.models import Model, QuerySet
from django.http import Http404, HttpRequest
from django.utils import timezone

from clients import audit
from clients.models import Client

M = TypeVar("M", bound=Model)


class Refused(Http404):
    """What is asked for is not there, or not theirs to see: the answer is the same."""

    def __init__(self, request: HttpRequest, *, what: str, uid: Any) -> None:
        super().__init__()
        self.by = request.user
        self.facts: dict[str, Any] = {"what": what, "uid": str(uid), "path": request.path[:200]}

    def note(self) -> None:
        """Leave the audit row. Whoever rolls back the transaction it was left in must call this again."""
        audit.record(audit.REFUSED, by=self.by, at=timezone.now(), **self.facts)


def refuse(request: HttpRequest, *, what: str, uid: Any) -> Refused:
    """Note that somebody asked for what is not theirs to see, and give back the answer that reveals nothing."""
    refused = Refused(request, what=what, uid=uid)
    refused.note()
    return refused


class Moved(Exception):
    """The record was merged into another that the person may see: a page that is only looked at moves there."""

    def __init__(self, request: HttpRequest, *, old: UUID, new: UUID) -> None:
        super().__init__()
        self.location = request.get_full_path().replace(str(old), str(new), 1)


def client_or_404(request: HttpRequest, uid: UUID, *, viewing: bool = False) -> Client:
    """The client, if `request.user` may see it now. With `viewing`, the look itself is audited.

    The address of a merged record leads to the one that stands for it: reading moves there (Moved), and what is
    sent to it is done there.
    """
    now = timezone.now()
    visible = Client.objects.visible_to(request.user, at=now).select_related("summary", "team")
    client = visible.filter(uid=uid).first()
    if client is None:
        client = visible.filter(pk__in=Client.objects.filter(uid=uid).values("merged_into")).first()
        if client is not None and request.method in {"GET", "HEAD"}:
            raise Moved(request, old=uid, new=client.uid)
    if client is None:
        raise refuse(request, what="clients.Client", uid=uid)
    if viewing:
        audit.record(
            audit.VIEWED, by=request.user, at=now, client_id=client.pk, target=client, page=request.path[:200]
        )
    return client


def record_or_404(request: HttpRequest, queryset: QuerySet[M], uid: UUID, *, viewing: bool = False) -> M:
    """A record of a client, if `request.user` may see that client now."""
    visible = queryset.visible_to(request.user, at=timezone.now())  # type: ignore[attr-defined]
    return found_or_404(request, visible, uid, viewing=viewing)


def found_or_404(request: HttpRequest, visible: QuerySet[M], uid: UUID, *, viewing: bool = False) -> M:
    """The record among rows that were narrowed to the visible ones already."""
    found = visible.filter(uid=uid).first()
    if found is None:
        raise refuse(request, what=visible.model._meta.label, uid=uid)
    if viewing:
        audit.record(
            audit.VIEWED, by=request.user, at=timezone.now(), client_id=_client_id(found), target=found
        )
    return found


def _client_id(found: Model) -> int | None:
    return found.pk if isinstance(found, Client) else getattr(found, "client_id", None)
