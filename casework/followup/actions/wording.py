"""Wording the texts that clients receive: a release is a new version, and the one before it is kept."""

from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from casework.followup.messages.lint import said
from casework.followup.messages.manual import tidy
from casework.followup.messages.releasing import Names
from casework.followup.models import MessageText
from clients import audit
from clients.access import Verb, require
from clients.errors import Conflict, InvalidInput


def current_text(channel: str, key: str, language: str) -> MessageText | None:
    """The version that goes out now; None for a text that does not exist."""
    texts = MessageText.objects.current().select_related("released_by", "reviewed_by")
    return texts.filter(channel=channel, key=key, language=language).first()


@transaction.atomic
def release_text(
    *, channel: str, key: str, language: str, body: str, based_on: int, by: Any, now: datetime
) -> MessageText:
    """Let the next version of a text go out from now on; messages that were claimed keep the words they had.

    Raises InvalidInput with every word, variable or length at fault, and Conflict when `based_on` is not the version
    that goes out now. The same words again change nothing.
    """
    require(by, Verb.MANAGE_PRACTICE)
    current = _locked(channel, key, language)
    if current.version != based_on:
        raise Conflict(
            _("Version %(version)s was released meanwhile. Compare the two, then release yours.")
            % {"version": current.version},
            field="body",
        )
    body = tidy(body)
    found = Names.here().problems(channel, key, language, body)
    if found:
        raise InvalidInput(" ".join(said(problem) for problem in found), field="body")
    if body == current.body:
        return current
    current.retired_at, current.retired_by = now, by
    current.save(update_fields=["retired_at", "retired_by"])
    text = MessageText.objects.create(
        channel=channel,
        key=key,
        language=language,
        version=current.version + 1,
        body=body,
        released_at=now,
        released_by=by,
    )
    audit.record(
        "text.released", by=by, at=now, target=text, key=f"{channel}.{key}.{language}", version=text.version
    )
    return text


@transaction.atomic
def review_text(*, text_id: int, by: Any, now: datetime) -> MessageText:
    """Somebody whose own language it is has read this version and finds it right. The first review stays."""
    require(by, Verb.MANAGE_PRACTICE)
    text = MessageText.objects.select_for_update(of=("self",)).get(pk=text_id)
    if text.retired_at is not None:
        raise Conflict(_("A newer version goes out by now. Read that one."))
    if text.reviewed_at is None:
        text.reviewed_at, text.reviewed_by = now, by
        text.save(update_fields=["reviewed_at", "reviewed_by"])
        audit.record(
            "text.reviewed", by=by, at=now, target=text, key=f"{text.channel}.{text.key}.{text.language}"
        )
    return text


def _locked(channel: str, key: str, language: str) -> MessageText:
    """The current version, with the text held: its first row stands for it, whichever version is the current one."""
    versions = MessageText.objects.filter(channel=channel, key=key, language=language)
    held = versions.select_for_update(of=("self",)).order_by("pk").first()
    current = current_text(channel, key, language) if held is not None else None
    if current is None:
        raise InvalidInput(_("There is no such text."), field="body")
    return current
