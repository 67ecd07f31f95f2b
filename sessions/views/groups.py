"""Groups: the list, one group with its members, topics and meetings, and how it is begun and changed."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from clients import audit
from clients.access import Verb, can
from clients.doors import client_or_404, found_or_404, refuse
from clients.forms import answering, telling
from clients.models import Client
from clients.views.guard import needs
from sessions.actions import groups as actions
from sessions.group_forms import GroupForm, JoinForm, MemberForm, NewGroupForm, TopicForm, place_of
from sessions.models import Group, GroupMeeting, GroupMembership, GroupTopic
from sessions.roster import groups_of, members_of

PAST_SHOWN = 12


def found_group(request: HttpRequest, uid: UUID) -> Group:
    """The group, if the person may see it; a stranger learns nothing."""
    rows = Group.objects.visible_to(request.user, at=timezone.now())
    return found_or_404(request, rows.select_related("facilitator", "co_facilitator", "room", "team"), uid)


@require_GET
@needs(Verb.VIEW_CLIENT)
def index(request: HttpRequest) -> HttpResponse:
    """The groups that one leads or supervises."""
    now = timezone.now()
    groups = list(groups_of(request.user, now))
    audit.record_list("groups", by=request.user, at=now, filters={}, ids=[one.pk for one in groups])
    context = {"groups": groups, "now": now, "begins": can(request.user, Verb.SCHEDULE_SESSION)}
    return render(request, "sessions/groups.html", context)


@needs(Verb.SCHEDULE_SESSION)
def new(request: HttpRequest) -> HttpResponse:
    """Begin a group."""
    now = timezone.now()
    form = NewGroupForm(request.POST or None, by=request.user, now=now)
    if request.method == "POST" and form.is_valid():
        with answering(form):
            group = actions.begin_group(by=request.user, now=now, **form.cleaned_data)
            messages.success(request, _("The group is there. Let clients join, and plan its meetings."))
            return redirect("counseling:group", uid=group.uid)
    words = {"title": _("Begin a group"), "save": _("Begin"), "back_label": _("Groups")}
    return form_page(request, form, back="/groups/", **words)


def form_page(request: HttpRequest, form: forms.Form, **parts: Any) -> HttpResponse:
    """A page with one form about a group or a meeting. parts: title, save, back, back_label, sub, hint."""
    return render(request, "sessions/group_form.html", {"form": form, "now": timezone.now(), **parts})


def group_form_page(request: HttpRequest, group: Group, form: forms.Form, **parts: Any) -> HttpResponse:
    """The same, with the way back to the group."""
    return form_page(
        request, form, back=f"/groups/{group.uid}/", back_label=group.name, sub=group.name, **parts
    )


@require_GET
@needs(Verb.VIEW_CLIENT)
def page(request: HttpRequest, uid: UUID) -> HttpResponse:
    """Who belongs to it, what comes next, and what it talks about."""
    return group_page(request, found_group(request, uid))


def group_page(
    request: HttpRequest,
    group: Group,
    *,
    member_form: forms.Form | None = None,
    topic_form: forms.Form | None = None,
) -> HttpResponse:
    """The group's page, with what was typed into one of its forms."""
    now = timezone.now()
    here, gone, hidden = members_of(group, request.user, now)
    meetings = group.meetings.select_related("topic", "counselor", "room")
    audit.record_list(
        "group members",
        by=request.user,
        at=now,
        filters={"group": group.pk},
        ids=[one.client_id for one in (*here, *gone)],
    )
    plans = can(request.user, Verb.SCHEDULE_SESSION)
    context = {
        "group": group,
        "here": here,
        "gone": gone,
        "hidden": hidden,
        "topics": list(group.topics.filter(retired_at=None)),
        "coming": list(meetings.filter(state=GroupMeeting.State.SCHEDULED).order_by("starts_at", "pk")),
        "past": list(
            meetings.exclude(state=GroupMeeting.State.SCHEDULED).order_by("-starts_at", "-pk")[:PAST_SHOWN]
        ),
        "plans": plans,
        "member_form": (member_form or MemberForm(group=group, by=request.user, now=now)) if plans else None,
        "topic_form": (topic_form or TopicForm()) if plans else None,
        "now": now,
    }
    return render(request, "sessions/group.html", context)


@needs(Verb.SCHEDULE_SESSION)
def edit(request: HttpRequest, uid: UUID) -> HttpResponse:
    """Change its name, its places and where it meets."""
    group = found_group(request, uid)
    initial = {"name": group.name, "capacity": group.capacity, **place_of(group)}
    form = GroupForm(request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        with answering(form):
            actions.change_group(group_id=group.pk, by=request.user, now=timezone.now(), **form.cleaned_data)
            messages.success(request, _("Saved. Meetings that are planned already stay where they are."))
            return redirect("counseling:group", uid=group.uid)
    return group_form_page(request, group, form, title=_("Change the group"), save=_("Save"))


@require_POST
@needs(Verb.SCHEDULE_SESSION)
def again(request: HttpRequest, uid: UUID) -> HttpResponse:
    """Let an ended group run again."""
    group = found_group(request, uid)
    with telling(request):
        actions.take_up_again(group_id=group.pk, by=request.user, now=timezone.now())
    return redirect("counseling:group", uid=group.uid)


@needs(Verb.SCHEDULE_SESSION)
def topics(request: HttpRequest, uid: UUID) -> HttpResponse:
    """Add a topic, or move or take out the one that is named."""
    group, now = found_group(request, uid), timezone.now()
    if request.method != "POST":
        return redirect("counseling:group", uid=group.uid)
    if "topic" in request.POST:
        with telling(request):
            _change_topic(request, group, now)
        return redirect(f"/groups/{group.uid}/#topics")
    form = TopicForm(request.POST)
    if form.is_valid():
        with answering(form):
            actions.add_topic(group_id=group.pk, by=request.user, now=now, **form.cleaned_data)
            return redirect(f"/groups/{group.uid}/#topics")
    return group_page(request, group, topic_form=form)


def _change_topic(request: HttpRequest, group: Group, now: datetime) -> None:
    field = forms.UUIDField(required=False)
    try:
        topic: GroupTopic | None = group.topics.filter(uid=field.clean(request.POST["topic"])).first()
    except forms.ValidationError:
        topic = None
    if topic is None:
        raise refuse(request, what="counseling.GroupTopic", uid=request.POST["topic"][:40])
    told: dict[str, Any] = {"topic_id": topic.pk, "by": request.user, "now": now}
    if request.POST.get("do") == "remove":
        actions.retire_topic(**told)
    else:
        actions.move_topic(up=request.POST.get("do") == "up", **told)


@require_GET
@needs(Verb.VIEW_CLIENT)
def of_client(request: HttpRequest, uid: UUID) -> HttpResponse:
    """In which groups a client is and was, and the form to join one."""
    return client_groups_page(request, client_or_404(request, uid, viewing=True))


def client_groups_page(request: HttpRequest, client: Client, form: forms.Form | None = None) -> HttpResponse:
    """The client's groups; with what was chosen."""
    now = timezone.now()
    rows = GroupMembership.objects.of(client).select_related("group__facilitator", "added_by", "left_by")
    joins = can(request.user, Verb.SCHEDULE_SESSION) and client.is_in_touch
    context = {
        "client": client,
        "places": list(rows.order_by("-joined_at", "-pk")),
        "form": (form or JoinForm(client=client, now=now)) if joins else None,
        "leaves": can(request.user, Verb.SCHEDULE_SESSION),
        "now": now,
    }
    return render(request, "sessions/client_groups.html", context)
