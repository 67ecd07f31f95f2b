"""When somebody is here, which days are closed, and who is on call."""

from datetime import datetime, time
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.contrib.auth import get_user_model
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST

from clients import keeping_hours
from clients.access import Role, Verb
from clients.forms import DateInput, MomentInput, answering, telling
from clients.hours import AS_SHIPPED, hours_at, is_staffed
from clients.models import Closure, OnCall
from clients.models.hours import DAYS
from clients.views.guard import READ_OR_WRITE, needs

User = get_user_model()


class _Time(forms.TimeInput):
    """The browser's own clock."""

    input_type = "time"

    def __init__(self) -> None:
        super().__init__(format="%H:%M")


class WeekForm(forms.Form):
    """From and to of each day; a day without both is closed."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for number, day in enumerate(DAYS):
            for name, label in (("opens", gettext_lazy("from")), ("closes", gettext_lazy("to"))):
                self.fields[f"{name}_{number}"] = forms.TimeField(
                    label=f"{capfirst(day)} {label}", required=False, widget=_Time()
                )

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        for number in range(len(DAYS)):
            if bool(cleaned.get(f"opens_{number}")) != bool(cleaned.get(f"closes_{number}")):
                self.add_error(f"closes_{number}", _("Give both times, or neither when the day is closed."))
        return cleaned

    def days(self) -> list[tuple[Any, Any, Any]]:
        """Each day with its two fields."""
        return [(day, self[f"opens_{number}"], self[f"closes_{number}"]) for number, day in enumerate(DAYS)]

    def week(self) -> dict[int, tuple[time, time]]:
        """What was filled in, by weekday."""
        given = self.cleaned_data
        return {
            number: (given[f"opens_{number}"], given[f"closes_{number}"])
            for number in range(len(DAYS))
            if given[f"opens_{number}"]
        }


class ClosureForm(forms.Form):
    on = forms.DateField(label=gettext_lazy("Day"), widget=DateInput())
    what = forms.CharField(label=gettext_lazy("What it is"), max_length=80, required=False)


class DutyForm(forms.Form):
    user = forms.ModelChoiceField(User.objects.none(), label=gettext_lazy("Who"), empty_label=None)
    from_at = forms.DateTimeField(label=gettext_lazy("From"), widget=MomentInput())
    to_at = forms.DateTimeField(label=gettext_lazy("To"), widget=MomentInput())

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        people = User.objects.filter(is_active=True, role__in=[Role.COUNSELOR, Role.SUPERVISOR])
        user = self.fields["user"]
        assert isinstance(user, forms.ModelChoiceField)
        user.queryset = people.order_by("full_name", "pk")


@require_http_methods(READ_OR_WRITE)
@needs(Verb.KEEP_WATCH)
def page(request: HttpRequest) -> HttpResponse:
    """The hours of the week, and below them the closed days and the roster."""
    now = timezone.now()
    form = WeekForm(request.POST if request.method == "POST" else None, initial=_present(now))
    if request.method == "POST" and form.is_valid():
        with answering(form):
            keeping_hours.set_hours(week=form.week(), by=request.user, now=now)
            messages.success(request, _("Saved."))
            return redirect("clients:hours")
    return _page(request, now, week=form)


def _present(now: datetime) -> dict[str, Any]:
    week = hours_at(now).week or AS_SHIPPED
    return {
        f"{name}_{day}": at
        for day, times in week.items()
        for name, at in zip(("opens", "closes"), times, strict=True)
    }


def _page(request: HttpRequest, now: datetime, **forms: Any) -> HttpResponse:
    """All of it; of the three forms the one that was sent comes back as it was filled in."""
    today = timezone.localdate(now)
    context: dict[str, Any] = {
        "week": forms.get("week") or WeekForm(initial=_present(now)),
        "closure": forms.get("closure") or ClosureForm(auto_id="closure_%s"),
        "duty": forms.get("duty") or DutyForm(auto_id="duty_%s"),
        "sent": next(iter(forms.values()), None),
        "closed": Closure.objects.filter(on__gte=today),
        "duties": OnCall.objects.filter(to_at__gt=now).select_related("user"),
        "here": is_staffed(now),
        "now": now,
    }
    return render(request, "clients/hours.html", context)


@require_POST
@needs(Verb.KEEP_WATCH)
def close_day(request: HttpRequest) -> HttpResponse:
    """A day on which nobody works."""
    now, form = timezone.now(), ClosureForm(request.POST, auto_id="closure_%s")
    if form.is_valid():
        with answering(form):
            keeping_hours.add_closure(by=request.user, now=now, **form.cleaned_data)
            return redirect("clients:hours")
    return _page(request, now, closure=form)


@require_POST
@needs(Verb.KEEP_WATCH)
def open_day(request: HttpRequest, uid: UUID) -> HttpResponse:
    """It is worked after all."""
    closure = Closure.objects.filter(uid=uid).first()
    if closure is not None:
        with telling(request):
            keeping_hours.remove_closure(closure_id=closure.pk, by=request.user, now=timezone.now())
    return redirect("clients:hours")


@require_POST
@needs(Verb.KEEP_WATCH)
def put_on_call(request: HttpRequest) -> HttpResponse:
    """Somebody answers for emergencies."""
    now, form = timezone.now(), DutyForm(request.POST, auto_id="duty_%s")
    if form.is_valid():
        with answering(form):
            keeping_hours.add_duty(by=request.user, now=now, **form.cleaned_data)
            return redirect("clients:hours")
    return _page(request, now, duty=form)


@require_POST
@needs(Verb.KEEP_WATCH)
def take_off_call(request: HttpRequest, uid: UUID) -> HttpResponse:
    """Not any more."""
    duty = OnCall.objects.filter(uid=uid).first()
    if duty is not None:
        with telling(request):
            keeping_hours.end_duty(duty_id=duty.pk, by=request.user, now=timezone.now())
    return redirect("clients:hours")
