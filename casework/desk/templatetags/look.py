"""What every page is made of, by name: `{% load look %}`. The parts themselves are templates/components/*.html."""

from datetime import UTC, date, datetime, tzinfo
from typing import Any

from django import template
from django.forms import BoundField
from django.template.context import Context
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.text import slugify
from django.utils.translation import gettext as _

from casework.desk import days, navigation
from casework.followup import queries
from clients.access import Verb, can
from clients.stage import Stage

register = template.Library()

TONES = frozenset({"plain", "accent", "attention", "danger", "done"})


# --- the stage ----------------------------------------------------------------------------------------------------


@register.inclusion_tag("components/stage_mark.html")
def stage_mark(stage: str | None, before: str | None = None, size: str = "") -> dict[str, Any]:
    """The filling circle with its word; `before` adds "up from emotional". An empty stage is "not assessed"."""
    now = Stage(stage) if stage else None
    return {
        "stage": now.value if now else "unknown",
        "word": now.label if now else _("Not assessed"),
        "change": stage_change(before, stage),
        "direction": direction(before, stage),
        "size": size,
    }


@register.filter
def stage_word(stage: str | None) -> str:
    return str(Stage(stage).label) if stage else _("Not assessed")


def direction(before: str | None, stage: str | None) -> str:
    """`up`, `down` or nothing: only two ranked stages can be compared."""
    ranks = [Stage(value).rank if value else None for value in (before, stage)]
    if ranks[0] is None or ranks[1] is None or ranks[0] == ranks[1]:
        return ""
    return "up" if ranks[1] > ranks[0] else "down"


def stage_change(before: str | None, stage: str | None) -> str:
    words = {"up": _("up from %(stage)s"), "down": _("down from %(stage)s")}
    way = direction(before, stage)
    return words[way] % {"stage": str(Stage(before).label).lower()} if way and before else ""


# --- time ---------------------------------------------------------------------------------------------------------


@register.simple_tag(takes_context=True)
def when(
    context: Context,
    value: datetime | date | None,
    style: str = "day",
    tz: tzinfo | None = None,
    empty: str = "–",
) -> str:
    """A date as people say it, with the exact instant on hover and for screen readers. Styles: see days.py."""
    if value is None:
        return empty
    now = context.get("now") or timezone.now()
    zone = tz or timezone.get_current_timezone()
    return days.time_tag(value, style=style, now=now, zone=zone, place=tz is not None)


@register.filter
def iso(value: datetime | None) -> str:
    return value.astimezone(UTC).isoformat() if value else ""


# --- small parts --------------------------------------------------------------------------------------------------


@register.inclusion_tag("components/pill.html")
def pill(word: str, tone: str = "plain") -> dict[str, Any]:
    return {"word": word, "tone": tone if tone in TONES else "plain"}


@register.inclusion_tag("components/number.html")
def number(value: Any, label: str, url: str = "", tone: str = "plain", help: str = "") -> dict[str, Any]:
    """A total that opens its list."""
    return {"value": value, "label": label, "url": url, "tone": tone, "help": help}


@register.inclusion_tag("components/progress.html")
def progress(value: int, total: int, label: str, words: str = "") -> dict[str, Any]:
    words = words or _("%(value)s of %(total)s") % {"value": value, "total": total}
    return {
        "value": value,
        "total": total or 1,
        "label": label,
        "words": words,
        "id": f"progress-{slugify(label)}",
    }


@register.inclusion_tag("components/page_head.html")
def page_head(title: str, **parts: Any) -> dict[str, Any]:
    """One h1, one primary action. parts: sub, back_url, back_label, action_url, action_label, action_dialog."""
    return {"title": title, **parts}


@register.inclusion_tag("components/empty.html")
def empty(what: str, why: str = "", action_url: str = "", action_label: str = "") -> dict[str, Any]:
    return {"what": what, "why": why, "action_url": action_url, "action_label": action_label}


# --- parts that hold other parts ----------------------------------------------------------------------------------


@register.simple_block_tag
def banner(content: str, tone: str = "attention", title: str = "") -> SafeString:
    return render_to_string("components/banner.html", {"content": content, "tone": tone, "title": title})


@register.simple_block_tag
def dialog(content: str, id: str, title: str) -> SafeString:
    """A native dialog; any button with data-opens="ID" opens it."""
    return render_to_string("components/dialog.html", {"content": content, "id": id, "title": title})


@register.simple_block_tag
def timeline_entry(content: str, at: datetime | date, what: str, **parts: Any) -> SafeString:
    """parts: kind, url, who, pill, tone, stage, tz."""
    return render_to_string(
        "components/timeline_entry.html", {"content": content, "at": at, "what": what, **parts}
    )


@register.simple_block_tag
def chart_frame(content: str, chart: Any, title: str, note: str = "") -> SafeString:
    """A drawn chart (casework.desk.charts.Chart) with its table one click away; the content goes beneath."""
    return render_to_string(
        "components/chart_frame.html", {"content": content, "chart": chart, "title": title, "note": note}
    )


# --- forms --------------------------------------------------------------------------------------------------------


@register.simple_tag
def field(bound: BoundField) -> SafeString:
    """Label above, help below, error in place: the same as `{{ form.name.as_field_group }}`."""
    return bound.as_field_group()


@register.inclusion_tag("components/error_summary.html")
def error_summary(form: Any, formsets: Any = ()) -> dict[str, Any]:
    """Every error of a form (and of its formsets), each a link to its field. Nothing when there is none."""
    forms = [form, *[inner for formset in formsets for inner in formset]]
    wrong = [bound for one in forms for bound in one.visible_fields() if bound.errors]
    general = [error for one in forms for error in one.non_field_errors()]
    general += [error for one in forms for bound in one.hidden_fields() for error in bound.errors]
    return {"fields": wrong, "general": general, "count": len(wrong) + len(general)}


@register.inclusion_tag("components/four_way.html")
def four_way(name: str, label: str, value: Any = None, **parts: Any) -> dict[str, Any]:
    """Four radios, none chosen at first; keys 0 to 3 choose, Backspace clears. parts: words, help, error, badge."""
    words = parts.pop("words", None) or severity_words()
    chosen = "" if value is None else str(value)
    choices = [{"value": str(n), "word": word, "checked": chosen == str(n)} for n, word in enumerate(words)]
    return {"name": name, "id": f"id_{name}", "label": label, "choices": choices, **parts}


def severity_words() -> tuple[str, ...]:
    """clinical.md §1.2: how strongly a sign is present."""
    return _("Absent"), _("Mild"), _("Moderate"), _("Marked")


# --- the frame ----------------------------------------------------------------------------------------------------


@register.inclusion_tag("components/nav.html", takes_context=True)
def main_nav(context: Context) -> dict[str, Any]:
    request = context["request"]
    items = list(navigation.items_for(request.user, request.resolver_match))
    if any(item["key"] == navigation.INBOX for item in items):
        return {
            "items": items,
            "inbox": navigation.INBOX,
            "unread": queries.unread(request.user, at=timezone.now()),
        }
    return {"items": items}


@register.inclusion_tag("components/search.html", takes_context=True)
def main_search(context: Context) -> dict[str, Any]:
    request = context["request"]
    shown = can(request.user, Verb.VIEW_CLIENT)
    return {"url": reverse("desk:search") if shown else "", "q": request.GET.get("q", "")}


@register.filter
def initials(name: str) -> str:
    words = name.split()
    return "".join(word[0] for word in (words[:1] + words[1:][-1:])).upper()


@register.simple_tag
def zone_name() -> str:
    """The zone that scripts tell the time in, so that their clock agrees with the page's."""
    return timezone.get_current_timezone_name()


@register.simple_tag
def here() -> str:
    """The city whose time this page speaks."""
    return days.city(timezone.get_current_timezone())
