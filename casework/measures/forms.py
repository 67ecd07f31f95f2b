"""A measure as a form: made from its file, for the counselor's desk and for the client's phone alike."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from casework.measures import engine
from casework.measures.definitions import Instrument, Item
from casework.measures.engine import Given
from casework.measures.wording import score_word
from clients.forms import MomentInput

# Fields of the form that are no question carry no such name.
PREFIX = "q_"
MOST_DIGITS = 6  # what is longer the engine declines, as it does everything that is no number


@dataclass(frozen=True)
class Choice:
    """One answer on the page. `opens` names the questions that it opens, by the number of their gate."""

    value: int
    key: int  # the digit that chooses it
    word: str
    checked: bool
    opens: str


@dataclass(frozen=True)
class Question:
    """One question on the page."""

    name: str
    number: str
    text: str
    head: str
    choices: tuple[Choice, ...]
    value: Any
    lowest: int
    highest: int
    error: str
    needs: str  # classes of the gates that must be open
    note: str  # where no style can hide it: when it is to stay empty


def number_of(place: int, item: Item) -> str:
    """The number on the form: the item's own, else its place."""
    return item.key if item.key[0].isdigit() else str(place)


class MeasureForm(forms.Form):
    """The questions of one measure in one language; every one may stay open, which leaves the score empty."""

    def __init__(
        self, *args: Any, instrument: Instrument, language: str, staff: bool = False, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.instrument, self.language = instrument, instrument.speaks(language)
        for place, item in enumerate(instrument.items, 1):
            self.fields[PREFIX + item.key] = forms.CharField(
                required=False, label=gettext("Question %(number)s") % {"number": number_of(place, item)}
            )
        for score in instrument.scores if instrument.is_entry else ():
            self.fields[score.key] = forms.IntegerField(
                label=score_word(instrument, score.key),
                min_value=score.lowest,
                max_value=score.highest,
                help_text=f"{score.lowest}–{score.highest}",
            )
        if staff and instrument.asks_sex:
            self.fields["sex"] = forms.ChoiceField(
                label=_("The limit depends on sex"),
                choices=[("", _("Not recorded: 3")), ("woman", _("Women: 3")), ("man", _("Men: 4"))],
                widget=forms.RadioSelect,
                required=False,
            )
        if staff:
            self.fields["taken_at"] = forms.DateTimeField(
                label=_("When, if not now"), required=False, widget=MomentInput
            )

    def given(self) -> Given:
        """What was filled in. Answers to questions that were hidden on the page are not there.

        Raises InvalidInput, as the engine does.
        """
        if self.instrument.is_entry:
            return Given(scores={one.key: self.cleaned_data.get(one.key) for one in self.instrument.scores})
        return Given(answers=self._answers(), sex=self.cleaned_data.get("sex", ""))

    def _answers(self) -> dict[str, Any]:
        answers: dict[str, Any] = {}
        for item in self.instrument.items:
            said = self.cleaned_data[PREFIX + item.key].strip()
            if said and not self._was_hidden(item, answers):
                is_number = said.isascii() and said.isdecimal() and len(said) <= MOST_DIGITS
                answers[item.key] = int(said) if is_number else said
        return answers

    def _was_hidden(self, item: Item, answers: Mapping[str, Any]) -> bool:
        """A choice that its gate hid again; a typed number stays in sight, and the engine declines it."""
        known = {key: value for key, value in answers.items() if isinstance(value, int)}
        return bool(item.options) and not engine.is_asked(item, engine.filled(self.instrument, known))

    def open_questions(self) -> list[Question]:
        """Those that were to be asked and have no answer."""
        answers = {key: value for key, value in self._answers().items() if isinstance(value, int)}
        names = {PREFIX + one.key for one in engine.unanswered(self.instrument, answers)}
        return [one for one in self.questions if one.name in names]

    @property
    def taken_at(self) -> datetime | None:
        return self.cleaned_data.get("taken_at")

    # --- for the page ---

    @property
    def questions(self) -> Iterator[Question]:
        for place, item in enumerate(self.instrument.items, 1):
            yield self._question(place, item)

    @property
    def lead(self) -> str:
        return self.instrument.lead.get(self.language, "")

    @property
    def about(self) -> str:
        return self.instrument.about.get(self.language, "")

    def _question(self, place: int, item: Item) -> Question:
        bound = self[PREFIX + item.key]
        said = bound.value()
        chosen = "" if said is None else str(said)
        return Question(
            name=bound.html_name,
            number=number_of(place, item),
            text=item.words[self.language],
            head=item.head.get(self.language, ""),
            choices=tuple(
                Choice(
                    one.value,
                    n,
                    one.words[self.language],
                    chosen == str(one.value),
                    self._opens(item, one.value),
                )
                for n, one in enumerate(item.options)
            ),
            value=chosen,
            lowest=item.lowest,
            highest=item.highest,
            error=str(bound.errors[0]) if bound.errors else "",
            needs=" ".join(f"needs-{n}" for n in self._needs(item)),
            note=self._note(item),
        )

    def _note(self, item: Item) -> str:
        gate = self.instrument.by_key[item.skip.item] if item.skip else None
        if gate is None or gate.options:
            return ""
        place = self.instrument.items.index(gate) + 1
        return gettext("Leave this empty if you gave 0 to question %(number)s.") % {
            "number": number_of(place, gate)
        }

    def _gates(self) -> list[str]:
        """Questions that open others, in order. One with a number opens nothing on the page: no style can read it."""
        gates = dict.fromkeys(one.skip.item for one in self.instrument.items if one.skip)
        return [key for key in gates if self.instrument.by_key[key].options]

    def _opens(self, item: Item, value: int) -> str:
        opened = (one.skip for one in self.instrument.items if one.skip and one.skip.item == item.key)
        gates = self._gates()
        return str(gates.index(item.key) + 1) if any(value >= one.below for one in opened) else ""

    def _needs(self, item: Item) -> list[int]:
        """The gates before an item, its own and those before its gate."""
        gates, found = self._gates(), []
        while item.skip and item.skip.item in gates:
            found.append(gates.index(item.skip.item) + 1)
            item = self.instrument.by_key[item.skip.item]
        return found


def declined(form: MeasureForm, error: Any) -> None:
    """Put what the engine declined beside its question; what was filled in stays."""
    field = PREFIX + error.field if error.field and PREFIX + error.field in form.fields else error.field
    form.add_error(field if field in form.fields else None, str(error))


class SendForm(forms.Form):
    """Which measures to ask the client's phone for."""

    measures = forms.MultipleChoiceField(label=_("Measures"), widget=forms.CheckboxSelectMultiple)

    def __init__(self, *args: Any, usable: Mapping[str, Instrument], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["measures"].choices = [
            (one.key, f"{one.title} – {one.name['en']}") for one in usable.values() if one.phone
        ]


class VoidForm(forms.Form):
    reason = forms.CharField(
        label=_("What was wrong with it"),
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("It stays on record, marked as a mistake, and counts no more."),
    )
