"""Opening the practice, and taking people in."""

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from casework.staff.models import User
from clients import access, audit
from clients.access import Role, Verb
from clients.errors import Conflict, InvalidInput
from clients.models import Practice, Site, Team, TeamMembership
from clients.segments import outside_gsm
from clients.telling import catalogue_words, problems

ROOM_FOR_US = 30  # characters that the answer to HELP, our fullest text, has for the name and the phone
HELPLINE = re.compile(r"[0-9+() -]{3,14}")
PRACTICE_SET_UP = "practice.set_up"
PERSON_ADDED = "person.added"
PASSWORD_SET = "person.password_set"


@transaction.atomic
def set_up_practice(
    *, facts: Mapping[str, str], teams: Sequence[str], by: User | None, now: datetime
) -> Practice:
    """Write down who we are and add the teams not yet there; may be repeated. Raises InvalidInput for a bad zone."""
    access.require(by, Verb.MANAGE_PRACTICE)
    practice = Practice.objects.select_for_update().order_by("pk").first() or Practice()
    for name, value in facts.items():
        setattr(practice, name, value)
    _validate(practice)
    _check_alias(practice.sender_alias)
    _check_room(practice)
    _check_helpline(practice.helpline_number)
    practice.save()
    site = Site.objects.filter(practice=practice).order_by("pk").first()
    site = site or Site.objects.create(practice=practice, name=practice.name)
    for name in teams:
        Team.objects.get_or_create(name=name, defaults={"site": site})
    audit.record(PRACTICE_SET_UP, by=by, at=now, target=practice)
    return practice


@transaction.atomic
def add_person(
    *, email: str, password: str, facts: Mapping[str, Any], team: str, by: User | None, now: datetime
) -> User:
    """Take somebody in, from today in `team` (a supervisor as its supervisor).

    Raises Conflict for an e-mail already used, InvalidInput for a bad e-mail, role, team or password.
    """
    access.require(by, Verb.MANAGE_STAFF)
    user = User(email=email.strip().lower(), **facts)
    if User.objects.filter(email__iexact=user.email).exists():
        raise Conflict(_("Somebody signs in with this e-mail already."), field="email")
    _set_password(user, password)
    _validate(user)
    _check_name(user.short_name)
    user.save()
    if team:
        _join(user, team, now)
    audit.record(PERSON_ADDED, by=by, at=now, target=user, role=user.role)
    return user


@transaction.atomic
def set_password(*, email: str, password: str, by: User | None, now: datetime) -> User:
    """Give somebody a new password. Raises InvalidInput for a bad password or an e-mail nobody signs in with."""
    access.require(by, Verb.MANAGE_STAFF)
    user = User.objects.select_for_update().filter(email__iexact=email.strip()).first()
    if user is None:
        raise InvalidInput(_("Nobody signs in with this e-mail."), field="email")
    _set_password(user, password)
    user.save(update_fields=["password"])
    audit.record(PASSWORD_SET, by=by, at=now, target=user)
    return user


def _join(user: User, name: str, now: datetime) -> None:
    team = Team.objects.filter(name=name).first()
    if team is None:
        known = ", ".join(Team.objects.order_by("name").values_list("name", flat=True)) or "–"
        raise InvalidInput(_("There is no such team. Known: %(known)s") % {"known": known}, field="team")
    today = now.astimezone(Practice.current().zone).date()
    TeamMembership.objects.create(
        team=team, user=user, is_supervisor=user.role == Role.SUPERVISOR, from_on=today
    )


def _set_password(user: User, password: str) -> None:
    try:
        validate_password(password, user)
    except ValidationError as error:
        raise InvalidInput(" ".join(error.messages), field="password") from error
    user.set_password(password)


def _check_alias(alias: str) -> None:
    """The practice chooses what messages call it: nothing telling, and letters that a text has room for."""
    _check_telling(alias, field="sender_alias")
    costly = outside_gsm(alias)
    if costly:
        raise InvalidInput(
            _("A text message has no room for %(letters)s. Choose a name that messages carry without it.")
            % {"letters": costly},
            field="sender_alias",
        )


def _check_room(practice: Practice) -> None:
    """With longer ones a text that we owe, like the answer to HELP, could not leave (clinical.md §5.2 M-1)."""
    if len(practice.sender_alias) + len(practice.phone) > ROOM_FOR_US:
        raise InvalidInput(
            _("Name and phone must fit into a text together: at most %(most)s characters. Shorten the name.")
            % {"most": ROOM_FOR_US},
            field="sender_alias",
        )


def _check_helpline(number: str) -> None:
    """It stands in texts that have room for little more; the longest is written like 1-800-555-0199."""
    if number and not HELPLINE.fullmatch(number):
        raise InvalidInput(
            _("Give the helpline as a number of at most 14 characters, like 1-800-555-0199."),
            field="helpline_number",
        )


def _check_name(first: str) -> None:
    """A first name goes into messages; its letters are the person's own, and cost what they cost."""
    _check_telling(first, field="full_name")


def _check_telling(words: str, *, field: str) -> None:
    found = problems(words, extra_words=catalogue_words())
    if found:
        raise InvalidInput(
            _("Messages carry this, and a stranger would learn too much from “%(word)s”. Choose another.")
            % {"word": found[0].found},
            field=field,
        )


def _validate(record: Practice | User) -> None:
    try:
        record.full_clean()
    except ValidationError as error:
        field, messages = next(iter(error.message_dict.items()))
        raise InvalidInput(" ".join(messages), field=field) from error
