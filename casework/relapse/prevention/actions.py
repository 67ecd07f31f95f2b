"""What can be done with a prevention plan. Each act locks, decides, writes and is audited in one transaction.

`link_for` reaches further than this room: casework.followup calls it and sends the text. Nobody else may.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Max
from django.utils.translation import gettext as _

from casework.relapse.models import PlanSignature, PreventionPlan
from casework.relapse.prevention import content as words
from casework.relapse.prevention import queries, sheet
from casework.relapse.prevention.content import Content, Difference, Person
from clients import audit, links
from clients.access import Verb, require
from clients.actions import locked
from clients.errors import Conflict, InvalidInput, InvalidTransition
from clients.models import Client, ClientLink

BEGUN, SAVED, SIGNED = "prevention_plan.begun", "prevention_plan.saved", "prevention_plan.signed"
SIGNATURE, SET_ASIDE, PRINTED = (
    "prevention_plan.signature",
    "prevention_plan.set_aside",
    "prevention_plan.printed",
)
Party, Way = PlanSignature.Party, PlanSignature.Way


class StalePlan(Conflict):
    """The draft has moved on since the writer last saw it. `stored` is the draft as it is now."""

    code = "stale_draft"

    def __init__(self, plan: PreventionPlan) -> None:
        super().__init__(
            _("This plan was saved elsewhere in the meantime. Both texts are shown; nothing is lost.")
        )
        self.stored = plan


class Incomplete(InvalidInput):
    """Parts without which nobody signs are empty; `fields` names them in reading order."""

    code = "incomplete"

    def __init__(self, fields: list[str]) -> None:
        said = {
            "emotional": _("a warning sign"),
            "helps": _("something that helps"),
            "people": _("somebody to turn to"),
        }
        super().__init__(
            _("Still to be filled before signing: %(fields)s.")
            % {"fields": ", ".join(said[f] for f in fields)},
            field=fields[0],
        )
        self.fields = fields


@dataclass(frozen=True)
class PlanChange:
    """What an edit did: the words before and after, and the version that holds them."""

    before: Content
    after: Content
    plan: PreventionPlan | None

    @property
    def differences(self) -> tuple[Difference, ...]:
        return words.compare(self.before, self.after)


# --- writing ---
@transaction.atomic
def begin_draft(*, client_id: int, by: Any, now: datetime) -> PreventionPlan:
    """The client's open draft; where there is none, the next version, beginning with the words of the last signed one.

    Raises InvalidTransition for a client who is not in care.
    """
    require(by, Verb.WRITE_PLANS)
    return _draft_of(_in_care(client_id), by=by, now=now)


def _in_care(client_id: int) -> Client:
    """The client, held. Raises InvalidTransition when the record is only to be read."""
    client = locked(client_id)
    if not client.is_in_touch:
        raise InvalidTransition(
            _("%(name)s is not in care now: the plan can be read and printed, not changed.")
            % {"name": client.first_name}
        )
    return client


def _draft_of(client: Client, *, by: Any, now: datetime) -> PreventionPlan:
    """The draft that stands, held, or a new one with the words of the signed plan."""
    draft = queries.open_draft(client, held=True)
    if draft is not None:
        return draft
    last = queries.current_plan(client)
    draft = PreventionPlan(
        client=client, number=_next_number(client), begun_at=now, begun_by=by, saved_at=now, saved_by=by
    )
    if last is not None:
        draft.words = last.words
    draft.save()
    audit.record(BEGUN, by=by, at=now, client_id=client.pk, target=draft, number=draft.number)
    return draft


def _next_number(client: Client) -> int:
    standing = PreventionPlan.objects.of(client).exclude(state=PreventionPlan.State.SET_ASIDE)
    return (standing.aggregate(last=Max("number"))["last"] or 0) + 1


def _held(plan_id: int) -> PreventionPlan:
    """The version, held; its client first, as everywhere."""
    owner = PreventionPlan.objects.values_list("client", flat=True).get(pk=plan_id)
    _in_care(owner)
    rows = PreventionPlan.objects.select_for_update(of=("self",)).select_related("client")
    plan: PreventionPlan = rows.get(pk=plan_id)
    return plan


def _still_a_draft(plan: PreventionPlan) -> None:
    if plan.state != PreventionPlan.State.DRAFT:
        raise InvalidTransition(
            _("This version is “%(state)s” and stays as it is. Begin the next version to change something.")
            % {"state": plan.get_state_display()}
        )


@transaction.atomic
def save_draft(*, plan_id: int, revision: int, content: Content, by: Any, now: datetime) -> PreventionPlan:
    """Keep the words. `revision` is the one last seen; raises StalePlan when the draft has moved on.

    Words already stored (an answer lost on the way) are no conflict. InvalidInput names the part that is too long.
    """
    require(by, Verb.WRITE_PLANS)
    plan = _held(plan_id)
    _still_a_draft(plan)
    kept = checked(content)
    if plan.words == kept:
        return plan
    if revision != plan.revision:
        raise StalePlan(plan)
    return _keep(plan, kept, by=by, now=now)


def _keep(plan: PreventionPlan, content: Content, *, by: Any, now: datetime) -> PreventionPlan:
    plan.words = content
    plan.revision, plan.saved_at, plan.saved_by = plan.revision + 1, now, by
    plan.save(update_fields=["content", "revision", "saved_at", "saved_by"])
    audit.record(SAVED, by=by, at=now, client_id=plan.client_id, target=plan, revision=plan.revision)
    return plan


def checked(content: Content) -> Content:
    """The content tidied. Raises InvalidInput, naming the part, for what is too long, too much, or no text."""
    tidy = words.tidied(content)
    for key in words.LISTS:
        _check_lines(key, tidy.part(key))
    if len(tidy.people) > words.MOST_PEOPLE:
        raise InvalidInput(
            _("At most %(number)s people: those whom one really calls.") % {"number": words.MOST_PEOPLE},
            field=words.PEOPLE,
        )
    for person in tidy.people:
        _check_person(person)
    return tidy


def _check_lines(key: str, lines: tuple[str, ...]) -> None:
    if len(lines) > words.MOST_LINES:
        raise InvalidInput(
            _("At most %(number)s lines here: keep those that matter most.") % {"number": words.MOST_LINES},
            field=key,
        )
    for line in lines:
        if len(line) > words.LONGEST_LINE or "\x00" in line:
            raise InvalidInput(
                _("One line is too long: %(number)s characters at most. Begin a new line for a new thought.")
                % {"number": words.LONGEST_LINE},
                field=key,
            )


def _check_person(person: Person) -> None:
    if not person.name:
        raise InvalidInput(_("Give the person a name, or empty the row."), field=words.PEOPLE)
    too_long = max(len(person.name), len(person.relation)) > words.LONGEST_NAME
    if too_long or len(person.phone) > words.LONGEST_PHONE or "\x00" in str(person):
        raise InvalidInput(_("A name or number is too long."), field=words.PEOPLE)


@transaction.atomic
def set_aside(*, plan_id: int, by: Any, now: datetime) -> PreventionPlan:
    """Give a draft up; what was signed before goes on being the plan. Its words stay readable in the database."""
    require(by, Verb.WRITE_PLANS)
    plan = _held(plan_id)
    _still_a_draft(plan)
    plan.move_to(PreventionPlan.State.SET_ASIDE)
    plan.set_aside_at, plan.set_aside_by = now, by
    plan.save(update_fields=["state", "set_aside_at", "set_aside_by"])
    audit.record(SET_ASIDE, by=by, at=now, client_id=plan.client_id, target=plan, number=plan.number)
    return plan


@transaction.atomic
def apply_changes(
    *,
    client_id: int,
    additions: Mapping[str, Iterable[str | Person]],
    removals: Mapping[str, Iterable[str]] | None = None,
    by: Any,
    now: datetime,
) -> PlanChange:
    """Take what was learned into the open draft, or into the next version of the signed plan (clinical.md §1.8).

    `additions` and `removals`: entries by part (`content.PARTS`); a text among the people is a name. What is there
    already is not said twice; where nothing is new, no draft is begun.

    Raises KeyError for an unknown part, InvalidInput where a part grows too long.
    """
    require(by, Verb.WRITE_PLANS)
    client = _in_care(client_id)
    latest = queries.open_draft(client, held=True) or queries.current_plan(client)
    before = latest.words if latest is not None else Content()
    after = checked(words.grown(before, additions=additions, removals=removals))
    if after == before:
        return PlanChange(before, after, latest)
    plan = _keep(_draft_of(client, by=by, now=now), after, by=by, now=now)
    return PlanChange(before, after, plan)


# --- signing ---
@transaction.atomic
def sign_as_counselor(*, plan_id: int, revision: int, by: Any, now: datetime) -> PreventionPlan:
    """The counselor's signature under the words as last seen. With the client's there, the version stands for good.

    Raises StalePlan for another revision, Incomplete, InvalidInput when it does not fit on one page, InvalidTransition
    for what is signed or set aside.
    """
    require(by, Verb.WRITE_PLANS)
    if by is None:
        raise InvalidInput(_("A signature needs a person."))
    plan = _to_sign(plan_id, revision)
    _sign(plan, Party.COUNSELOR, Way.ACCOUNT, name=by.full_name, credential=by.credential, by=by, now=now)
    return _close_if_both(plan, by=by, now=now)


@transaction.atomic
def sign_for_client(
    *, plan_id: int, revision: int, way: str, name: str = "", by: Any, now: datetime
) -> PreventionPlan:
    """Record the client's signature: the name typed in the session, or agreement said aloud before `by`.

    Refused as `sign_as_counselor` is, and for a typed signature without a name.
    """
    require(by, Verb.WRITE_PLANS)
    if by is None:
        raise InvalidInput(_("Somebody has to witness that the client agreed."))
    if way not in (Way.TYPED, Way.ALOUD):
        raise InvalidInput(_("Say how the client signed."), field="way")
    if way == Way.TYPED and not name.strip():
        raise InvalidInput(_("The client types their name here."), field="name")
    plan = _to_sign(plan_id, revision)
    typed = " ".join(name.split())[: words.LONGEST_NAME] if way == Way.TYPED else ""
    _sign(plan, Party.CLIENT, Way(way), name=typed or plan.client.display_name, credential="", by=by, now=now)
    return _close_if_both(plan, by=by, now=now)


@transaction.atomic
def sign_together(
    *, plan_id: int, revision: int, counselor: bool, way: str = "", name: str = "", by: Any, now: datetime
) -> PreventionPlan:
    """Both signatures, or the one that is given, in one act. Refused as each of them is, and when neither is given."""
    if not counselor and not way:
        raise InvalidInput(_("Choose who signs now."), field="way")
    plan = None
    if counselor:
        plan = sign_as_counselor(plan_id=plan_id, revision=revision, by=by, now=now)
    if way:
        plan = sign_for_client(plan_id=plan_id, revision=revision, way=way, name=name, by=by, now=now)
    assert plan is not None
    return plan


def _to_sign(plan_id: int, revision: int) -> PreventionPlan:
    plan = _held(plan_id)
    _still_a_draft(plan)
    if revision != plan.revision:
        raise StalePlan(plan)
    if empty := words.missing(plan.words):
        raise Incomplete(empty)
    sheet.check_fits(plan.words)
    return plan


def _sign(
    plan: PreventionPlan, party: str, way: str, *, name: str, credential: str, by: Any, now: datetime
) -> None:
    """One row; signing the same words twice changes nothing."""
    signature, is_new = PlanSignature.objects.get_or_create(
        plan=plan,
        party=party,
        content_hash=plan.fingerprint(),
        defaults={"way": way, "name": name, "credential": credential, "by": by, "at": now},
    )
    if is_new:
        told = {"party": party, "way": way, "hash": signature.content_hash}
        audit.record(SIGNATURE, by=by, at=now, client_id=plan.client_id, target=plan, **told)


def _close_if_both(plan: PreventionPlan, *, by: Any, now: datetime) -> PreventionPlan:
    fingerprint = plan.fingerprint()
    if PlanSignature.objects.filter(plan=plan, content_hash=fingerprint).count() < len(Party.values):
        return plan
    plan.move_to(PreventionPlan.State.SIGNED)
    plan.signed_at, plan.content_hash = now, fingerprint
    plan.save(update_fields=["state", "signed_at", "content_hash"])
    audit.record(
        SIGNED, by=by, at=now, client_id=plan.client_id, target=plan, number=plan.number, hash=fingerprint
    )
    return plan


# --- handing it over ---
@transaction.atomic
def printed(*, plan_id: int, language: str, by: Any, now: datetime) -> bytes:
    """The sheet as a PDF, noted in the trail. Raises InvalidInput when a draft does not fit on one page."""
    require(by, Verb.VIEW_CLIENT)
    plan = PreventionPlan.objects.select_related("client").get(pk=plan_id)
    page = sheet.drawn(plan, language=language)
    audit.record(
        PRINTED, by=by, at=now, client_id=plan.client_id, target=plan, number=plan.number, language=language
    )
    return page


@transaction.atomic
def link_for(*, client_id: int, by: Any, now: datetime) -> links.Issued:
    """Lower verb of followup.send_plan: a one-time link to the signed plan.

    Raises InvalidInput when nothing is signed yet, Conflict for a client who is not in care.
    """
    require(by, Verb.SEND_MESSAGE)
    client = locked(client_id)
    if queries.current_plan(client) is None:
        raise InvalidInput(_("There is no signed plan to send yet. Sign it together first."))
    return links.issue(client_id=client.pk, purpose=ClientLink.Purpose.PLAN, by=by, now=now)
