"""/style: every part in its states, on one page, while developing. The values are invented; nobody's record is read."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

from django import forms
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path
from django.utils import translation

from casework.desk.charts import (
    Achievements,
    AssessmentMark,
    Chart,
    PlanSpan,
    ReportMark,
    SessionMark,
    StageSeries,
    StageStep,
    UseMark,
    stage_chart,
)
from clients.stage import Stage

NOW = datetime(2026, 11, 14, 15, 30, tzinfo=UTC)


class SampleForm(forms.Form):
    """A field of every sort, so that each look is tried."""

    name = forms.CharField(label="Chosen name", help_text="What Alex wants to be called.")
    born = forms.DateField(
        label="Date of birth", widget=forms.DateInput(attrs={"type": "date"}), required=False
    )
    channel = forms.ChoiceField(
        label="Preferred channel", choices=[("sms", "Text message"), ("email", "E-mail")]
    )
    note = forms.CharField(label="Note", widget=forms.Textarea(attrs={"rows": 4}), required=False)
    days = forms.MultipleChoiceField(
        label="Triggers",
        choices=[("money", "Payday"), ("place", "A place"), ("grief", "Anniversary or grief")],
        widget=forms.CheckboxSelectMultiple,
        required=False,
    )
    how = forms.ChoiceField(
        label="How it was said",
        choices=[("self", "By Alex"), ("other", "By someone else")],
        widget=forms.RadioSelect,
    )
    shared = forms.BooleanField(label="This phone is shared", required=False, help_text="Texts stay neutral.")


def sample_series() -> StageSeries:
    """Eight months of an invented client: a slow rise, a return to use, and the way back."""

    def ago(days: int, hour: int = 15) -> datetime:
        return (NOW - timedelta(days=days)).replace(hour=hour, minute=0)

    steps = [(236, Stage.EMOTIONAL), (180, Stage.NONE), (96, Stage.EMOTIONAL), (68, Stage.MENTAL)]
    steps += [(47, Stage.PHYSICAL), (26, Stage.MENTAL), (9, Stage.EMOTIONAL)]
    missed = {61, 54}
    met = [
        236,
        229,
        222,
        208,
        194,
        180,
        166,
        152,
        138,
        124,
        110,
        96,
        82,
        68,
        61,
        54,
        45,
        40,
        33,
        26,
        19,
        9,
        2,
    ]
    assessed = [StageStep(ago(days), stage) for days, stage in steps] + [
        StageStep(ago(138), Stage.NONE),
        StageStep(ago(19), Stage.MENTAL),
        StageStep(ago(2), Stage.EMOTIONAL),
    ]
    return StageSeries(
        steps=[StageStep(ago(days), stage) for days, stage in steps],
        assessments=[AssessmentMark(one.at, one.stage) for one in assessed]
        + [AssessmentMark(ago(110), Stage.INDETERMINATE)],
        uses=[UseMark(ago(days).date(), "clonazepam") for days in (48, 47, 41)],
        sessions=[SessionMark(ago(days, 16), days not in missed) for days in met],
        reports=[ReportMark(ago(47, 18), "Relapse reported by Alex")],
        plans=[PlanSpan(ago(47).date(), None, "Follow-up plan, physical stage")],
        achievements=Achievements(days_in_care=236, sessions_attended=21, longest_run=189),
    )


def sample_chart() -> Chart:
    start, end = date(2026, 3, 20), NOW.date()
    return stage_chart(sample_series(), start=start, end=end, tz=UTC, lang=translation.get_language() or "en")


@login_not_required
def style(request: HttpRequest) -> HttpResponse:
    """Show the parts."""
    wrong = SampleForm({"born": "soon", "channel": "sms"})
    wrong.is_valid()
    return render(request, "style.html", _parts() | {"form": SampleForm(prefix="plain"), "wrong": wrong})


def _parts() -> dict[str, Any]:
    return {
        "now": NOW,
        "stages": [*Stage, None],
        "moves": [(Stage.EMOTIONAL, Stage.MENTAL), (Stage.PHYSICAL, Stage.MENTAL), (Stage.NONE, Stage.NONE)],
        "tones": ["plain", "accent", "attention", "danger", "done"],
        "styles": ["day", "at", "due", "ago", "time", "date", "exact"],
        "yesterday": NOW - timedelta(days=1),
        "two_days_ago": NOW - timedelta(days=2),
        "later": NOW + timedelta(hours=3),
        "chart": sample_chart(),
        "empty_chart": stage_chart(StageSeries(), start=date(2026, 10, 1), end=NOW.date(), tz=UTC, lang="en"),
    }


urlpatterns = [path("", style, name="style")]
