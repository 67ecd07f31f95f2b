"""`{% load followup %}`: the plan as a list of steps, wherever a page shows one."""

from datetime import datetime
from typing import Any

from django import template

from casework.followup.models import FollowUpPlan
from casework.followup.plan_view import view_of

register = template.Library()


@register.inclusion_tag("followup/_steps.html", takes_context=True)
def plan_steps(context: dict[str, Any], plan: FollowUpPlan, now: datetime, few: str = "") -> dict[str, Any]:
    """Every step with its day in the client's zone, its state and why; `few` (":6") shows only the next ones."""
    shown = {name: context.get(name) for name in ("request", "csrf_token", "may", "client")}
    return {**shown, "view": view_of(plan, now), "plan": plan, "now": now, "few": few or ":"}
