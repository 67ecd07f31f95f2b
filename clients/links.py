"""One-time links to a client's phone: issued, opened, used, taken back (docs/adr/0016).

The secret is 128 random bits and stands in the address alone. Here only its hash is kept, so that a copy of the
database opens nothing. Looking at the address does nothing: phones and carriers fetch addresses to preview them.
"""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any

from django.conf import settings
from django.db import transaction
from django.urls import reverse
from django.utils.translation import gettext as _

from clients import audit
from clients.access import Verb, require
from clients.actions import locked
from clients.errors import Conflict
from clients.models import Client, ClientLink

Purpose = ClientLink.Purpose
TOKEN_BYTES = 16
# Unopened, a link waits this long; once opened, it stays readable this long, for a line that breaks off.
WAITS: dict[str, timedelta] = {Purpose.MEASURE: timedelta(days=3), Purpose.PLAN: timedelta(hours=24)}
STAYS: dict[str, timedelta] = {Purpose.MEASURE: timedelta(hours=12), Purpose.PLAN: timedelta(hours=1)}
# The page behind the door, by the name of its address: rooms above this one own it.
PAGES: dict[str, str] = {Purpose.MEASURE: "followup:link_measure", Purpose.PLAN: "followup:link_plan"}
# A new one of these takes the place of the one before.
REPLACED = frozenset({Purpose.PLAN})


@dataclass(frozen=True)
class Issued:
    """A new link and its whole address; nobody can tell the address again."""

    link: ClientLink
    address: str


def _hashed(token: str) -> str:
    return sha256(token.encode()).hexdigest()


def address_of(token: str) -> str:
    """The address as a client's phone needs it."""
    return settings.PUBLIC_URL + reverse("clients:link", kwargs={"token": token})


@transaction.atomic
def issue(*, client_id: int, purpose: str, by: Any, now: datetime) -> Issued:
    """Make a link for the client. Raises Conflict for a client with whom we are not in touch."""
    require(by, Verb.SEND_MESSAGE)
    client = locked(client_id)
    if not client.is_in_touch:
        raise Conflict(_("Nothing is sent to a client who is not in care. Admit the client first."))
    kind = Purpose(purpose)
    if kind in REPLACED:
        for older in ClientLink.objects.of(client).open_at(now).filter(purpose=kind).order_by("pk"):
            _revoke(older, by=by, now=now)
    token = secrets.token_urlsafe(TOKEN_BYTES)
    link = ClientLink.objects.create(
        client=client,
        purpose=kind,
        token_hash=_hashed(token),
        issued_at=now,
        issued_by=by,
        expires_at=now + WAITS[kind],
    )
    _note("link.issued", link, by, now)
    return Issued(link, address_of(token))


def _note(verb: str, link: ClientLink, by: Any, now: datetime) -> None:
    audit.record(verb, by=by, at=now, client_id=link.client_id, target=link, purpose=link.purpose)


def find(token: str, *, now: datetime) -> ClientLink | None:
    """The link of that address while it leads somewhere. A used, old, revoked or invented one is None alike."""
    found = (
        ClientLink.objects.open_at(now)
        .select_related("client__merged_into")
        .filter(token_hash=_hashed(token))
    )
    link = found.first()
    return link if link is not None and link.client.survivor.is_in_touch else None


def used(token: str) -> ClientLink | None:
    """The link of an address that was used to its end: its holder may be thanked once more."""
    return ClientLink.objects.filter(token_hash=_hashed(token), used_at__isnull=False).first()


def opened(token: str, *, now: datetime) -> ClientLink | None:
    """The link, if its door was opened and has not closed again."""
    link = find(token, now=now)
    return link if link is not None and link.opened_at is not None else None


def _held(link_id: int) -> ClientLink:
    """The link, held; its client first, as everywhere."""
    locked(ClientLink.objects.values_list("client_id", flat=True).get(pk=link_id))
    return ClientLink.objects.select_for_update(of=("self",)).get(pk=link_id)


@transaction.atomic
def open_door(token: str, *, now: datetime) -> ClientLink | None:
    """Note the first opening; from then on the link lasts only STAYS. None when it leads nowhere."""
    seen = find(token, now=now)
    if seen is None:
        return None
    link = _held(seen.pk)
    if not link.is_open(now):
        return None
    if link.opened_at is None:
        link.opened_at, link.expires_at = now, min(link.expires_at, now + STAYS[link.purpose])
        link.save(update_fields=["opened_at", "expires_at"])
        _note("link.opened", link, None, now)
    return link


@transaction.atomic
def use(*, link_id: int, now: datetime) -> ClientLink:
    """End a link whose purpose is served. Raises Conflict when it was not opened or leads nowhere any more."""
    link = _held(link_id)
    if link.opened_at is None or not link.is_open(now):
        raise Conflict(_("This page is closed. Ask for a new link."))
    link.used_at = now
    link.save(update_fields=["used_at"])
    _note("link.used", link, None, now)
    return link


def _revoke(link: ClientLink, *, by: Any, now: datetime) -> None:
    link.revoked_at, link.revoked_by = now, by
    link.save(update_fields=["revoked_at", "revoked_by"])
    _note("link.revoked", link, by, now)


@transaction.atomic
def revoke(*, link_id: int, by: Any, now: datetime) -> ClientLink:
    """Take a link back, at once. Raises Conflict when it was used or revoked already."""
    require(by, Verb.SEND_MESSAGE)
    link = _held(link_id)
    if link.used_at is not None or link.revoked_at is not None:
        raise Conflict(_("This link is closed already."))
    _revoke(link, by=by, now=now)
    return link


def revoke_all(client: Client, *, by: Any, now: datetime) -> int:
    """Take back every open link of a client whose row the caller holds. Returns how many."""
    links = list(ClientLink.objects.of(client).open_at(now).order_by("pk"))
    for link in links:
        _revoke(link, by=by, now=now)
    return len(links)
