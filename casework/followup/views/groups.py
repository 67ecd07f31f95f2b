"""Meetings, attendance and members of groups: what follows from them is here, the pages are in `sessions`."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext
from django.views.decorators.http import require_POST

from casework.followup.actions import groups as actions
from clients.access import Verb
from clients.doors import client_or_404, record_or_404
from clients.forms import answering, telling
from clients.models import Client
from clients.views.guard import needs
from sessions.group_forms import (
    USUAL_MINUTES,
    CallOffForm,
    HeldForm,
    JoinForm,
    LeadersForm,
    LeaveForm,
    MeetingForm,
    MemberForm,
    PlanForm,
    place_of,
)
from sessions.models import Group, GroupMeeting, GroupMembership
from sessions.views.groups import client_groups_page, found_group, group_form_page, group_page
from sessions.views.meetings import found_meeting, meeting_context, meeting_form_page


# --- meetings ---
@needs(Verb.SCHEDULE_SESSION)
def plan(request: HttpRequest, uid: UUID) -> HttpResponse:
    """Plan a meeting, once or again and again."""
    group, now = found_group(request, uid), timezone.now()
    form = PlanForm(request.POST or None, group=group, by=request.user, initial=_first_guess(group, now))
    if request.method == "POST" and form.is_valid():
        with answering(form):
            planned = _plan(group, form.planned(), by=request.user, now=now)
            _tell(request, planned)
            return redirect("counseling:group", uid=group.uid)
    return group_form_page(request, group, form, title=_("Plan meetings"), save=pgettext("act", "Plan"))


def _first_guess(group: Group, now: Any) -> dict[str, Any]:
    """A week after the last meeting, at the same place."""
    last = group.meetings.exclude(state=GroupMeeting.State.CANCELLED).order_by("starts_at", "pk").last()
    guess = {"counselor": group.facilitator.uid, "minutes": USUAL_MINUTES, **place_of(group)}
    if last is not None:
        local = timezone.localtime(last.starts_at).replace(tzinfo=None) + timedelta(weeks=1)
        guess |= {"starts_at": local, "minutes": int((last.ends_at - last.starts_at).total_seconds() // 60)}
    return guess


def _plan(group: Group, said: dict[str, Any], *, by: Any, now: Any) -> actions.Planned:
    every, until_on = said.pop("every"), said.pop("until_on")
    if every:
        return actions.plan_meetings(
            group_id=group.pk, every=every, until_on=until_on, by=by, now=now, **said
        )
    return actions.plan_meeting(group_id=group.pk, by=by, now=now, **said)


def _tell(request: HttpRequest, planned: actions.Planned) -> None:
    """How many are planned, which days were left out, and who has another session then."""
    number = len(planned.meetings)
    messages.success(request, _("Meetings planned: %(number)d.") % {"number": number})
    if planned.skipped:
        days = ", ".join(date_format(day, _("D j M")) for day in planned.skipped)
        messages.warning(request, _("Left out, for the time is taken: %(days)s.") % {"days": days})
    _tell_taken(request, planned)


def _tell_taken(request: HttpRequest, planned: actions.Planned) -> None:
    if planned.taken:
        names = ", ".join(one.display_name for one in planned.taken)
        messages.warning(
            request, _("Not expected, for they have another session then: %(names)s.") % {"names": names}
        )


@needs(Verb.SCHEDULE_SESSION)
def move(request: HttpRequest, uid: UUID) -> HttpResponse:
    """Move a meeting, or let another lead it."""
    meeting, now = found_meeting(request, uid), timezone.now()
    initial = {
        "starts_at": meeting.starts_at,
        "minutes": meeting.minutes,
        "counselor": meeting.counselor.uid,
        **place_of(meeting),
    }
    form = MeetingForm(request.POST or None, group=meeting.group, by=request.user, initial=initial)
    if request.method == "POST" and form.is_valid():
        with answering(form):
            moved = actions.move_meeting(meeting_id=meeting.pk, by=request.user, now=now, **form.planned())
            messages.success(request, _("The meeting is moved, and its members' sessions with it."))
            _tell_taken(request, moved)
            return redirect("counseling:meeting", uid=meeting.uid)
    return meeting_form_page(request, meeting, form, title=_("Move the meeting"), save=_("Move"))


@needs(Verb.SCHEDULE_SESSION)
def cancel(request: HttpRequest, uid: UUID) -> HttpResponse:
    """Call a meeting off."""
    meeting, now = found_meeting(request, uid), timezone.now()
    form = CallOffForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        with answering(form):
            actions.cancel_meeting(meeting_id=meeting.pk, by=request.user, now=now, **form.cleaned_data)
            messages.success(request, _("The meeting is called off. What was written stays."))
            return redirect("counseling:group", uid=meeting.group.uid)
    hint = _("Its members' sessions are called off with it. Nothing that was written is lost.")
    return meeting_form_page(
        request, meeting, form, title=_("Call the meeting off"), save=_("Call off"), hint=hint
    )


# --- attendance ---
@needs(Verb.HOLD_SESSION)
def mark(request: HttpRequest, uid: UUID) -> HttpResponse:
    """One tap: present, absent, late cancel; the same tap again takes it back."""
    meeting = found_meeting(request, uid)
    if request.method != "POST":
        return redirect("counseling:meeting", uid=meeting.uid)
    client = client_or_404(request, _posted_uid(request))
    with telling(request):
        actions.mark(
            meeting_id=meeting.pk,
            client_id=client.pk,
            mark=request.POST.get("mark", ""),
            by=request.user,
            now=timezone.now(),
        )
    return _after_tap(request, meeting, client)


def _posted_uid(request: HttpRequest) -> UUID:
    """Which client the tap was about; nobody's number when what was sent is none."""
    try:
        return UUID(request.POST.get("client", ""))
    except ValueError:
        return UUID(int=0)


def _after_tap(request: HttpRequest, meeting: GroupMeeting, client: Client) -> HttpResponse:
    """The one row and the count for htmx; else the whole page."""
    if "HX-Request" not in request.headers:
        return redirect(f"/meetings/{meeting.uid}/#who-{str(client.uid)[:8]}")
    context = meeting_context(request, meeting, timezone.now())
    row = next((one for one in context["attendance"].rows if one.client.pk == client.pk), None)
    return render(request, "sessions/_mark.html", {**context, "row": row, "live": True})


@require_POST
@needs(Verb.HOLD_SESSION)
def mark_rest(request: HttpRequest, uid: UUID) -> HttpResponse:
    """Everybody else is here."""
    meeting = found_meeting(request, uid)
    with telling(request):
        actions.mark_rest(meeting_id=meeting.pk, by=request.user, now=timezone.now())
    return redirect("counseling:meeting", uid=meeting.uid)


@needs(Verb.HOLD_SESSION)
def close(request: HttpRequest, uid: UUID) -> HttpResponse:
    """Close the attendance; the note is next."""
    meeting = found_meeting(request, uid)
    if request.method != "POST":
        return redirect("counseling:meeting", uid=meeting.uid)
    form = HeldForm(request.POST)
    if form.is_valid():
        with telling(request):
            actions.close_meeting(
                meeting_id=meeting.pk, by=request.user, now=timezone.now(), **form.cleaned_data
            )
            messages.success(request, _("The attendance is closed. The note is next."))
            mine = meeting.counselor_id == request.user.pk
            return redirect("counseling:meeting_note" if mine else "counseling:meeting", uid=meeting.uid)
    else:
        messages.warning(request, _("Give both times as a date and a clock time."))
    return redirect("counseling:meeting", uid=meeting.uid)


# --- who belongs to it ---
@needs(Verb.SCHEDULE_SESSION)
def add_member(request: HttpRequest, uid: UUID) -> HttpResponse:
    """Let a client that one sees join."""
    group, now = found_group(request, uid), timezone.now()
    if request.method != "POST":
        return redirect("counseling:group", uid=group.uid)
    form = MemberForm(request.POST, group=group, by=request.user, now=now)
    if form.is_valid():
        with answering(form):
            _join(request, group, form.cleaned_data["client"])
            return redirect(f"/groups/{group.uid}/#members")
    return group_page(request, group, member_form=form)


def _join(request: HttpRequest, group: Group, client: Client) -> None:
    actions.join_group(group_id=group.pk, client_id=client.pk, by=request.user, now=timezone.now())
    words = _("%(name)s is in the group. %(facilitator)s sees the record from now on.")
    messages.success(
        request, words % {"name": client.display_name, "facilitator": group.facilitator.full_name}
    )


@needs(Verb.SCHEDULE_SESSION)
def join(request: HttpRequest, uid: UUID) -> HttpResponse:
    """Let the client join a group, from the client's side."""
    client, now = client_or_404(request, uid), timezone.now()
    if request.method != "POST":
        return redirect("counseling:client_groups", uid=client.uid)
    form = JoinForm(request.POST, client=client, now=now)
    if form.is_valid():
        with answering(form):
            _join(request, form.cleaned_data["group"], client)
            return redirect("counseling:client_groups", uid=client.uid)
    return client_groups_page(request, client, form)


@needs(Verb.SCHEDULE_SESSION)
def leave(request: HttpRequest, uid: UUID) -> HttpResponse:
    """End a membership, with its reason."""
    rows = GroupMembership.objects.select_related("client__merged_into", "group")
    membership = record_or_404(request, rows, uid)
    client = membership.client.survivor
    form = LeaveForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        with answering(form):
            actions.leave_group(
                membership_id=membership.pk, by=request.user, now=timezone.now(), **form.cleaned_data
            )
            messages.success(request, _("%(name)s has left the group.") % {"name": client.display_name})
            return _back(request, membership)
    context = {
        "title": _("Leave the group"),
        "save": _("Leave the group"),
        "sub": f"{client.display_name} · {membership.group.name}",
        "back": f"/clients/{client.uid}/groups/",
        "back_label": client.display_name,
        "hint": _("The meetings to come are called off for this client. What was held and written stays."),
        "form": form,
        "now": timezone.now(),
    }
    return render(request, "sessions/group_form.html", context)


def _back(request: HttpRequest, membership: GroupMembership) -> HttpResponse:
    """To the group for whoever still sees it, else to the client's groups, else to the list."""
    now = timezone.now()
    if Group.objects.visible_to(request.user, at=now).filter(pk=membership.group_id).exists():
        return redirect("counseling:group", uid=membership.group.uid)
    return redirect("counseling:client_groups", uid=membership.client.survivor.uid)


# --- the group itself ---
@needs(Verb.SCHEDULE_SESSION)
def hand_over(request: HttpRequest, uid: UUID) -> HttpResponse:
    """Let others lead the group."""
    group = found_group(request, uid)
    co = group.co_facilitator
    initial = {"facilitator": group.facilitator.uid, "co_facilitator": co.uid if co else None}
    form = LeadersForm(request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        with answering(form):
            actions.hand_over_group(
                group_id=group.pk, by=request.user, now=timezone.now(), **form.cleaned_data
            )
            messages.success(request, _("The group has passed to those you named."))
            return redirect("counseling:groups")
    hint = _("From now on they see the members' records, and whoever led before does not.")
    return group_form_page(request, group, form, title=_("Who leads the group"), save=_("Save"), hint=hint)


@needs(Verb.SCHEDULE_SESSION)
def end(request: HttpRequest, uid: UUID) -> HttpResponse:
    """End the group; nothing that was held or written goes."""
    group = found_group(request, uid)
    form = forms.Form(request.POST or None)
    if request.method == "POST":
        with telling(request):
            actions.end_group(group_id=group.pk, by=request.user, now=timezone.now())
            messages.success(request, _("The group has ended. Everything written stays on record."))
        return redirect("counseling:group", uid=group.uid)
    coming = group.meetings.filter(state=GroupMeeting.State.SCHEDULED, starts_at__gt=timezone.now()).count()
    hint = ngettext(
        "Everybody leaves it, and the meeting to come is called off. What was held and written stays.",
        "Everybody leaves it, and %(number)d meetings to come are called off. What was held and written stays.",
        coming,
    )
    return group_form_page(
        request,
        group,
        form,
        title=_("End the group"),
        save=_("End the group"),
        hint=hint % {"number": coming},
    )
