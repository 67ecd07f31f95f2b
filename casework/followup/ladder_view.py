"""The ladder as people read it: where a client's silence stands, and what a supervisor needs in order to decide."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django import forms
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from casework.followup import ladder, people
from casework.followup.actions.deciding import ONE_ONLY, OPTIONS
from casework.followup.models import ContactAttempt, FollowUpPlan, LadderRung, Rung
from clients.models import EmergencyContact, Permission

Decision = LadderRung.Decision
COMING: Mapping[int, str | Promise] = {
    Rung.CALL: _("a call to the client is due"),
    Rung.OTHER_WAYS: _("the supervisor is told, unless the call is made"),
    Rung.DECIDE: _("the supervisor decides what else to try"),
    Rung.GO_ON_OR_CLOSE: _("the supervisor decides whether to go on"),
}
SHOWN = 5  # the latest attempts


# --- for the counselor ---
@dataclass(frozen=True, kw_only=True)
class Ahead:
    """A rung that comes if nobody answers until then."""

    at: datetime
    what: str | Promise
    code: str


@dataclass(frozen=True, kw_only=True)
class LadderView:
    """Where one plan stands: silent since when, what was reached, what comes when."""

    since: datetime
    reached: Sequence[LadderRung]
    ahead: Sequence[Ahead]


def view_of(plan: FollowUpPlan, now: datetime) -> LadderView | None:
    """The ladder of a plan; None while it does not climb."""
    standing = ladder.of_plan(plan)
    if standing is None:
        return None
    ahead = [
        Ahead(at=one.at, what=COMING[one.rung], code=f"U{one.rung.value}") for one in standing.ahead(now)
    ]
    reached = [rung for rung in standing.rungs if rung.is_open]
    return LadderView(since=standing.silence.since, reached=reached, ahead=ahead)


# --- for the supervisor ---
class DecisionForm(forms.Form):
    """What is done about a silence: what the rung offers, and what the client's consents allow."""

    note = forms.CharField(
        label=_("Why, or what was found"),
        required=False,
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("Kept encrypted."),
    )
    field_order = ("decision", "emergency_contact", "note")

    def __init__(
        self, data: Any, *, rung: LadderRung, letters: bool, contacts: Sequence[EmergencyContact]
    ) -> None:
        super().__init__(data, auto_id=f"id_{rung.uid}_%s")
        offered = [one for one in OPTIONS[rung.rung] if one != Decision.GO_ON or rung.plan.is_running]
        possible = [(one.value, one.label) for one in offered if _may(one, letters, contacts)]
        if rung.rung in ONE_ONLY:
            self.fields["decision"] = forms.ChoiceField(
                label=_("What is to be done?"), choices=possible, widget=forms.RadioSelect
            )
        else:
            self.fields["decision"] = forms.MultipleChoiceField(
                label=_("What is to be done?"), choices=possible, widget=forms.CheckboxSelectMultiple
            )
        self.contacts = {str(one.uid): one for one in contacts}
        if rung.rung == Rung.DECIDE and contacts:
            named = [(str(one.uid), f"{one.name}, {one.relationship}, {one.phone}") for one in contacts]
            self.fields["emergency_contact"] = forms.ChoiceField(
                label=_("Which emergency contact"),
                choices=[("", _("Nobody")), *named],
                required=False,
                help_text=_("Only those whom the client named and agreed to."),
            )
        self.order_fields(self.field_order)

    def asked(self) -> dict[str, Any]:
        """What the act takes."""
        given = self.cleaned_data
        chosen = given["decision"]
        return {
            "decision": [chosen] if isinstance(chosen, str) else chosen,
            "note": given["note"],
            "emergency_contact": self.contacts.get(given.get("emergency_contact", "")),
        }


def _may(decision: LadderRung.Decision, letters: bool, contacts: Sequence[EmergencyContact]) -> bool:
    """What cannot be chosen is not offered; the page says why."""
    if decision == Decision.LETTER:
        return letters
    return decision != Decision.EMERGENCY_CONTACT or bool(contacts)


@dataclass(kw_only=True)
class Case:
    """One rung that waits for a supervisor, with what there is to know."""

    rung: LadderRung
    form: DecisionForm
    counselor: Any
    ways: Sequence[str] = ()  # what the client agreed to
    letters: bool = False
    contacts: Sequence[EmergencyContact] = ()
    attempts: Sequence[ContactAttempt] = field(default_factory=list)
    tries: int = 0


def cases(rungs: Iterable[LadderRung], now: datetime, data: Mapping[int, Any] | None = None) -> list[Case]:
    """Everything about each rung; the number of queries does not depend on how many there are.

    `data`: what was posted, by the rung's number.
    """
    rows = list(rungs)
    records = [record for rung in rows for record in rung.client.record_ids]
    agreed = _by_client(Permission.objects.in_force(now).filter(client__in=records).order_by("channel"))
    named = _by_client(EmergencyContact.objects.consented(now).filter(client__in=records))
    tried = _by_client(ContactAttempt.objects.filter(client__in=records).select_related("by"))
    answering = people.answering([rung.client_id for rung in rows], now)
    found = []
    for rung in rows:
        ways = _of(agreed, rung)
        contacts = _of(named, rung)
        attempts = [one for one in _of(tried, rung) if one.at > rung.silent_since]
        letters = any(one.channel == Permission.Channel.LETTER for one in ways)
        form = DecisionForm((data or {}).get(rung.pk), rung=rung, letters=letters, contacts=contacts)
        found.append(
            Case(
                rung=rung,
                form=form,
                counselor=answering.get(rung.client_id),
                ways=[str(one.get_channel_display()) for one in ways],
                letters=letters,
                contacts=contacts,
                attempts=attempts[:SHOWN],
                tries=len(attempts),
            )
        )
    return found


def _by_client(rows: Iterable[Any]) -> dict[int, list[Any]]:
    found: dict[int, list[Any]] = {}
    for row in rows:
        found.setdefault(row.client_id, []).append(row)
    return found


def _of(rows: Mapping[int, list[Any]], rung: LadderRung) -> list[Any]:
    return [row for record in rung.client.record_ids for row in rows.get(record, ())]
