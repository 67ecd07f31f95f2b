"""What pages and other rooms ask about prevention plans."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from casework.relapse.models import PlanSignature, PreventionPlan
from clients.models import Client


def current_plan(client: Client) -> PreventionPlan | None:
    """The version that both signed last."""
    return PreventionPlan.objects.of(client).signed().first()


def open_draft(client: Client, *, held: bool = False) -> PreventionPlan | None:
    """The version being written; the client's own before one of a merged record. `held` locks what it finds."""
    drafts = PreventionPlan.objects.of(client).drafts()
    rows = list(drafts.select_for_update(of=("self",)) if held else drafts)
    return min(rows, key=lambda one: one.client_id != client.pk, default=None)


@dataclass(frozen=True)
class Standing:
    """What the client's page shows: the plan that holds, the draft beside it, and which signatures it has already."""

    current: PreventionPlan | None
    draft: PreventionPlan | None
    signatures: tuple[PlanSignature, ...]

    @property
    def waits_for(self) -> str:
        """Whose signature the draft still lacks after the other's: "client", "counselor", or "" for both or none."""
        there = {one.party for one in self.signatures}
        return (
            next((party for party in PlanSignature.Party.values if party not in there), "") if there else ""
        )


def standing(client: Client) -> Standing:
    """In three queries at most."""
    draft = open_draft(client)
    return Standing(current_plan(client), draft, signatures_of(draft) if draft else ())


def signatures_of(plan: PreventionPlan) -> tuple[PlanSignature, ...]:
    """The signatures under the words as they stand now, in the order in which they were given."""
    rows = PlanSignature.objects.filter(plan=plan, content_hash=plan.content_hash or plan.fingerprint())
    return tuple(rows.select_related("by").order_by("at", "pk"))


def versions(client: Client) -> list[PreventionPlan]:
    """All that were not set aside, the newest first, with who saved them."""
    return list(PreventionPlan.objects.of(client).in_order().select_related("client", "saved_by"))


def version_before(plan: PreventionPlan, client: Client) -> PreventionPlan | None:
    """The signed version with which this one is compared: the last one signed before it."""
    signed = PreventionPlan.objects.of(client).signed().exclude(pk=plan.pk)
    until: datetime | None = plan.signed_at
    earlier = signed.filter(signed_at__lt=until) if until is not None else signed
    found: Any = earlier.first()
    return found
