"""Whom to call when the client cannot be reached: only with the client's consent that names the person."""

from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from clients import audit
from clients.access import Verb, require
from clients.actions import locked
from clients.errors import Conflict, InvalidInput
from clients.models import EmergencyContact


@transaction.atomic
def add_emergency_contact(
    *,
    client_id: int,
    name: str,
    relationship: str,
    phone: str,
    by: Any,
    now: datetime,
    consent_given: bool = False,
) -> EmergencyContact:
    """Record somebody to call. Without the client's consent naming them they stay on record and are not called."""
    require(by, Verb.EDIT_CLIENT)
    client = locked(client_id)
    for field, value in (("name", name), ("relationship", relationship), ("phone", phone)):
        if not value.strip():
            raise InvalidInput(_("Name, relationship and phone are all needed."), field=field)
    contact = EmergencyContact.objects.create(
        client=client,
        name=name.strip(),
        relationship=relationship.strip(),
        phone=phone.strip(),
        recorded_at=now,
        recorded_by=by,
        consent_given_at=now if consent_given else None,
    )
    audit.record(
        "emergency_contact.added",
        by=by,
        at=now,
        client_id=client.pk,
        target=contact,
        consent=bool(consent_given),
    )
    return contact


def _held(contact_id: int) -> EmergencyContact:
    locked(EmergencyContact.objects.values_list("client_id", flat=True).get(pk=contact_id))
    contact = EmergencyContact.objects.select_for_update(of=("self",)).get(pk=contact_id)
    if contact.retired_at is not None:
        raise Conflict(_("This person is no longer on the list. Add them anew."))
    return contact


@transaction.atomic
def give_named_consent(*, contact_id: int, by: Any, now: datetime) -> EmergencyContact:
    """The client agrees that this person, by name, may be called. Raises Conflict for one who was taken off."""
    require(by, Verb.MANAGE_PERMISSIONS)
    contact = _held(contact_id)
    if not contact.may_be_called:
        contact.consent_given_at, contact.consent_withdrawn_at = now, None
        _note(contact, "consent_given", ["consent_given_at", "consent_withdrawn_at"], by=by, now=now)
    return contact


@transaction.atomic
def withdraw_named_consent(*, contact_id: int, by: Any, now: datetime) -> EmergencyContact:
    """The client no longer wants this person called. At once."""
    require(by, Verb.MANAGE_PERMISSIONS)
    contact = _held(contact_id)
    if contact.may_be_called:
        contact.consent_withdrawn_at = now
        _note(contact, "consent_withdrawn", ["consent_withdrawn_at"], by=by, now=now)
    return contact


@transaction.atomic
def retire_emergency_contact(*, contact_id: int, by: Any, now: datetime) -> EmergencyContact:
    """Take somebody off the list; that they were on it stays on record."""
    require(by, Verb.EDIT_CLIENT)
    contact = _held(contact_id)
    contact.retired_at = now
    _note(contact, "retired", ["retired_at"], by=by, now=now)
    return contact


def _note(contact: EmergencyContact, what: str, changed: list[str], *, by: Any, now: datetime) -> None:
    contact.save(update_fields=changed)
    audit.record(f"emergency_contact.{what}", by=by, at=now, client_id=contact.client_id, target=contact)
