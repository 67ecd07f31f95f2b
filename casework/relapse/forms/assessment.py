"""The assessment on one screen. Its parsing is shared by the page, the live suggestion and the draft."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django import forms
from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from casework.relapse.actions.assessing import NOTE_LENGTH, Sheet
from casework.relapse.models import StageAssessment
from casework.relapse.models.assessment import COUNSELOR_CONFIDENCE
from casework.relapse.reading import severity_words
from casework.relapse.signs import SIGNS, Halt, Protective, RedFlag, Sign, Source, Trigger, of_stage
from casework.relapse.stage import INDEXED, Answer
from clients.stage import RANKED, Stage
from sessions.models import Session

SEVERITY = [(str(n), str(n)) for n in range(4)]
YES_NO = [("0", _("No")), ("1", _("Yes"))]
HELD_STAGES = (*RANKED, Stage.INDETERMINATE)
ABOUT: Mapping[Stage, str | Promise] = {
    Stage.EMOTIONAL: _("Feelings and behaviour that can lead there; use is not on the mind."),
    Stage.MENTAL: _("Thinking of use, and part of the person wants it."),
    Stage.PHYSICAL: _("Any use, even one time. 3 stands for continuing, or with harm."),
}


@dataclass(frozen=True, slots=True)
class SignRow:
    """One sign as the page shows it, with what was answered and what the last assessment said."""

    sign: Sign
    value: str | None
    last: int | None
    sources: forms.BoundField
    note: forms.BoundField
    error: str

    @property
    def name(self) -> str:
        return f"sign_{self.sign.code}"

    @property
    def badge(self) -> str:
        """A hard sign is enough for its stage by itself."""
        return gettext("Strong sign") if self.sign.hard else ""

    @property
    def then(self) -> str:
        """What the last assessment said, when it said that something was there."""
        if not self.last:
            return ""
        return gettext("Last time: %(word)s") % {
            "word": str(severity_words(self.sign.stage)[self.last]).lower()
        }

    @property
    def has_more(self) -> bool:
        """Whether something stands in its folded part, which must then be seen."""
        return bool(self.sources.value() or self.note.value() or self.sources.errors or self.note.errors)


@dataclass(frozen=True, slots=True)
class SignGroup:
    """The signs of one stage."""

    stage: Stage
    about: str | Promise
    words: tuple[str | Promise, ...]
    rows: list[SignRow]


@dataclass(frozen=True, slots=True)
class HaltRow:
    """One of hungry, angry, lonely, tired."""

    name: str
    label: str | Promise
    value: str | None
    words: tuple[str | Promise, ...] = (_("No"), _("Yes"))


def _number(label: Any, most: int, **options: Any) -> forms.IntegerField:
    return forms.IntegerField(label=label, required=False, min_value=0, max_value=most, **options)


def _several(label: Any, choices: Any, **options: Any) -> forms.MultipleChoiceField:
    return forms.MultipleChoiceField(
        label=label, choices=choices, required=False, widget=forms.CheckboxSelectMultiple, **options
    )


class AssessmentForm(forms.Form):
    """Everything that an assessment asks. Nothing is required but, in the end, the counselor's stage."""

    session = forms.UUIDField(required=False, widget=forms.HiddenInput)
    window_days = forms.IntegerField(
        label=_("Days looked at"), min_value=1, max_value=90, initial=7, help_text=_("Up to today.")
    )
    sources = _several(
        _("How do you know?"), Source.choices, help_text=_("For every sign that does not say otherwise.")
    )
    triggers = _several(_("Triggers"), Trigger.choices)
    protective = _several(_("What helps"), Protective.choices)
    craving = _number(_("Strongest craving, 0 to 10"), 10)
    confidence_abstain = _number(_("Confidence to stay without use, 0 to 10"), 10)
    red_flags = _several(_("Red flags"), RedFlag.choices)
    counselor_stage = forms.ChoiceField(
        label=_("Your stage"),
        choices=[(stage.value, stage.label) for stage in HELD_STAGES],
        widget=forms.RadioSelect,
        error_messages={"required": _("Choose the stage that you hold: it is the record.")},
    )
    counselor_confidence = forms.TypedChoiceField(
        label=_("How sure are you?"),
        choices=[("", _("Not said")), *COUNSELOR_CONFIDENCE],
        coerce=int,
        empty_value=None,
        required=False,
        help_text=_("1 hardly, 5 entirely."),
    )
    override_reason = forms.CharField(
        label=_("Why your stage differs"),
        max_length=500,
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("Needed when your stage is another than the suggested one."),
    )
    plan_change = forms.CharField(
        label=_("What changes in the plan"),
        max_length=500,
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
    )

    def __init__(self, *args: Any, last: StageAssessment | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.last = last
        self._last_severities = {one.sign_code: one.severity for one in last.signs.all()} if last else {}
        for sign in SIGNS:
            self._add_sign(sign)
        for one in Halt:
            self.fields[f"halt_{one.value}"] = forms.ChoiceField(
                label=one.label, choices=YES_NO, required=False
            )

    def _add_sign(self, sign: Sign) -> None:
        wrong = {"invalid_choice": _("Choose 0, 1, 2 or 3, or clear it.")}
        self.fields[f"sign_{sign.code}"] = forms.ChoiceField(
            label=sign.label, choices=SEVERITY, required=False, error_messages=wrong
        )
        self.fields[f"source_{sign.code}"] = _several(_("How do you know?"), Source.choices)
        self.fields[f"note_{sign.code}"] = forms.CharField(
            label=_("Note"), max_length=NOTE_LENGTH, required=False
        )

    # --- as the page shows it -----------------------------------------------------------------------------------
    def groups(self) -> Iterator[SignGroup]:
        """The signs grouped by stage."""
        for stage in INDEXED:
            yield SignGroup(
                stage, ABOUT[stage], severity_words(stage), [self._row(sign) for sign in of_stage(stage)]
            )

    def _row(self, sign: Sign) -> SignRow:
        bound = self[f"sign_{sign.code}"]
        return SignRow(
            sign=sign,
            value=_as_text(bound.value()),
            last=self._last_severities.get(sign.code),
            sources=self[f"source_{sign.code}"],
            note=self[f"note_{sign.code}"],
            error=" ".join(str(one) for one in bound.errors),
        )

    def halt_rows(self) -> list[HaltRow]:
        """Hungry, angry, lonely, tired."""
        names = [(one, f"halt_{one.value}") for one in Halt]
        return [HaltRow(name, one.label, _as_text(self[name].value())) for one, name in names]

    def held_stages(self) -> list[dict[str, Any]]:
        """The choices of the counselor's own stage."""
        held = self["counselor_stage"].value()
        return [{"stage": stage.value, "checked": held == stage.value} for stage in HELD_STAGES]

    # --- as the domain wants it ---------------------------------------------------------------------------------
    def sheet(self) -> Sheet:
        """What was answered so far: whatever is valid, also when something else is not yet."""
        self.is_valid()
        given = self.cleaned_data
        general = frozenset(given.get("sources", ()))
        return Sheet(
            answers=dict(self._answers(given, general)),
            notes={sign.code: note for sign in SIGNS if (note := given.get(f"note_{sign.code}"))},
            halt={one.value: _yes_no(given.get(f"halt_{one.value}")) for one in Halt},
            triggers=given.get("triggers", ()),
            protective=given.get("protective", ()),
            red_flags=given.get("red_flags", ()),
            craving=given.get("craving"),
            confidence_abstain=given.get("confidence_abstain"),
            window_days=given.get("window_days") or 7,
            counselor_stage=given.get("counselor_stage", ""),
            counselor_confidence=given.get("counselor_confidence"),
            override_reason=given.get("override_reason", ""),
            plan_change=given.get("plan_change", ""),
        )

    def _answers(self, given: Mapping[str, Any], general: frozenset[str]) -> Iterator[tuple[str, Answer]]:
        for sign in SIGNS:
            if chosen := given.get(f"sign_{sign.code}"):
                own = frozenset(given.get(f"source_{sign.code}", ()))
                yield sign.code, Answer(int(chosen), own or general)

    @staticmethod
    def initial_of(draft: StageAssessment) -> dict[str, Any]:
        """A draft as the form's starting values. Sources that all signs share are shown once, above them."""
        answers = list(draft.signs.all())
        every = [frozenset(one.sources) for one in answers if one.severity is not None]
        general = every[0] if every and all(sources == every[0] for sources in every) else frozenset()
        found: dict[str, Any] = {
            name: getattr(draft, name)
            for name in (
                "window_days",
                "triggers",
                "protective",
                "red_flags",
                "craving",
                "confidence_abstain",
            )
        }
        found |= {
            name: getattr(draft, name)
            for name in ("counselor_stage", "counselor_confidence", "override_reason", "plan_change")
        }
        found |= {f"halt_{name}": _as_text(value) for name, value in draft.halt.items()}
        found["sources"] = sorted(general)
        found["session"] = draft.session.uid if draft.session else None
        for one in answers:
            found[f"sign_{one.sign_code}"] = _as_text(one.severity)
            found[f"note_{one.sign_code}"] = one.note
            found[f"source_{one.sign_code}"] = [] if frozenset(one.sources) == general else one.sources
        return found

    def sheet_shown(self) -> Sheet:
        """The sheet of a form as it is shown at first: from what was posted, or from its starting values."""
        if self.is_bound:
            return self.sheet()
        posted = {name: value for name, value in self.initial.items() if value not in (None, "", [])}
        return AssessmentForm({"window_days": 7, **posted}).sheet()

    def session_of(self, client: Any) -> Session | None:
        """The session in which the assessment is made, if it is one of this client's."""
        uid = self.cleaned_data.get("session")
        return Session.objects.filter(client=client, uid=uid).first() if uid else None


def _as_text(value: Any) -> str | None:
    """`0` and `False` are answers; nothing is none."""
    return (
        None
        if value is None or value == ""
        else str(int(value))
        if isinstance(value, bool | int)
        else str(value)
    )


def _yes_no(value: str | None) -> bool | None:
    return {"0": False, "1": True}.get(value or "")
