"""The look back on one page. What is typed is read the same way for the draft and for finishing."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django import forms
from django.utils.datastructures import MultiValueDict
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from casework.relapse.learning import CHOICES, LISTS, WORDS, YES_NO, Link, Told
from casework.relapse.models import LearningReview, ReviewLink
from casework.relapse.models.review import MOST_LINKS, RATINGS, SIGN_STAGES, Company, Vulnerability

SHOWN_LINKS = 4
NUMBERS = [(str(n), str(n)) for n in range(11)]
YES, NO = "yes", "no"
YES_OR_NO = [(YES, _("Yes")), (NO, _("No"))]


def _line(label: Any, **options: Any) -> forms.CharField:
    return forms.CharField(label=label, required=False, max_length=4000, **options)


def _text(label: Any, rows: int = 2, **options: Any) -> forms.CharField:
    return _line(label, widget=forms.Textarea(attrs={"rows": rows}), **options)


def _scale(label: Any) -> forms.ChoiceField:
    return forms.ChoiceField(label=label, choices=NUMBERS, required=False, widget=forms.RadioSelect)


def _yes_no(label: Any, **options: Any) -> forms.ChoiceField:
    return forms.ChoiceField(
        label=label, choices=YES_OR_NO, required=False, widget=forms.RadioSelect, **options
    )


@dataclass(frozen=True, slots=True)
class LinkRow:
    """One link of the chain as the page shows it."""

    number: int
    kind: forms.BoundField
    text: forms.BoundField


class ReviewForm(forms.Form):
    """Twelve sections, none of which has to be filled before the end."""

    vulnerabilities = forms.MultipleChoiceField(
        label=_("What made that week harder"),
        choices=Vulnerability.choices,
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    vulnerability_words = _text(_("In the client's words"))
    event = _text(_("What happened"), 3)
    event_when = _line(_("When"), help_text=_("Roughly is enough."))
    event_where = _line(_("Where"))
    event_who = _line(_("Who was there"), help_text=_("“Nobody” is an answer."))
    use_what = _line(_("What"))
    use_how_much = _line(_("How much, in the client's words"))
    use_company = forms.ChoiceField(
        label=_("Alone or not"),
        choices=[("", _("Not said")), *Company.choices],
        required=False,
    )
    use_with_what = _line(_("With what else"))
    helped_stop = _text(_("What helped"))
    effects_short = _text(_("Soon after"))
    effects_long = _text(_("In the longer run"))
    guilt = _scale(_("Guilt about it"))
    shame = _scale(_("Shame"))
    who_i_am = _scale(_("“It is who I am”"))
    can_change = _scale(_("“This can change”"))
    confidence = _scale(_("Confidence for the next 7 days"))
    still_gives = _text(
        _("What is still there"), 3, help_text=_("One a line. What was learned and built is not lost.")
    )
    first_sign = _line(_("The earliest sign, looking back"))
    first_sign_stage = forms.ChoiceField(
        label=_("Its stage"), choices=[("", _("Not said")), *SIGN_STAGES], required=False
    )
    coping_steps = _text(_("What to do"), 3, help_text=_("One step a line."))
    people = _text(_("Whom to turn to"), 2, help_text=_("One person a line."))
    update_plan = _yes_no(
        _("Take the sign, the steps and the people into the prevention plan"),
    )
    safety_check_done = _yes_no(
        _("Was the medical and naloxone check done?"), help_text=_("Needed to finish; “no” is an answer.")
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        kinds = [("", _("Kind")), *ReviewLink.Kind.choices]
        for number in range(1, MOST_LINKS + 1):
            self.fields[f"link_kind_{number}"] = forms.ChoiceField(
                label=_("Kind of link"), choices=kinds, required=False
            )
            self.fields[f"link_text_{number}"] = _line(_("What it was"))

    def _rows(self) -> list[LinkRow]:
        return [
            LinkRow(number, self[f"link_kind_{number}"], self[f"link_text_{number}"])
            for number in range(1, MOST_LINKS + 1)
        ]

    @property
    def chain(self) -> list[LinkRow]:
        """The links that are there, and room for more."""
        rows = self._rows()
        filled = max((row.number for row in rows if row.text.value()), default=0)
        return rows[: max(SHOWN_LINKS, filled)]

    @property
    def more_chain(self) -> list[LinkRow]:
        return self._rows()[len(self.chain) :]

    @property
    def scales(self) -> list[forms.BoundField]:
        return [self[name] for name in RATINGS]

    def add_missing(self, missing: Mapping[str, str | Promise]) -> None:
        """Say at each field what is still to be filled."""
        for name, words in missing.items():
            self.add_error("link_text_1" if name == "links" else name, str(words))

    def told(self) -> Told:
        """Everything as typed so far, whatever is still wrong with the rest."""
        return told_in(self.data)


def told_in(data: Any) -> Told:
    """What a page sent."""
    links = (
        Link(data.get(f"link_kind_{number}", ""), data.get(f"link_text_{number}", ""))
        for number in range(1, MOST_LINKS + 1)
    )
    return Told(
        vulnerabilities=tuple(_several(data, "vulnerabilities")),
        words={name: data.get(name, "") for name in (*WORDS, *LISTS, *CHOICES)},
        links=tuple(link for link in links if link.text.strip()),
        ratings={name: _number(data.get(name, "")) for name in RATINGS},
        answers={name: {YES: True, NO: False}.get(data.get(name, "")) for name in YES_NO},
    )


def _several(data: Any, name: str) -> list[str]:
    return list(data.getlist(name)) if isinstance(data, MultiValueDict) else list(data.get(name, []))


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 4 else None


def initial_of(review: LearningReview) -> dict[str, Any]:
    """The kept draft, by the form's own names."""
    found: dict[str, Any] = {name: getattr(review, name) for name in (*WORDS, *LISTS, *CHOICES)}
    found["vulnerabilities"] = list(review.vulnerabilities)
    for name in RATINGS:
        value = getattr(review, name)
        found[name] = "" if value is None else str(value)
    for name in YES_NO:
        found[name] = {True: YES, False: NO, None: ""}[getattr(review, name)]
    for link in review.links.all():
        found[f"link_kind_{link.position}"], found[f"link_text_{link.position}"] = link.kind, link.text
    return found
