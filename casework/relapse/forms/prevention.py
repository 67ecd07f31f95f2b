"""The words of a prevention plan as one types them: a line a thought, a row a person."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from casework.relapse.models import PlanSignature, PreventionPlan
from casework.relapse.prevention import content as words
from casework.relapse.prevention.content import Content, Person

FEWEST_ROWS = 2
HELP: Mapping[str, Any] = {
    "emotional": _("Sleep, food, temper, keeping away from people. What do others notice first?"),
    "mental": _("Thoughts that come back, bargains, missing the old days."),
    "physical": _("What happens just before: places, calls, money, errands."),
    "helps": _("What worked before, however small. The first thing first."),
    "places": _("Places, hours, errands, people whom it is easier not to meet for now."),
    "reasons": _("Who and what it is for. These stand on top of the printed page."),
}
PERSON_FIELDS = ("name", "relation", "phone", "printed")


class PreventionForm(forms.Form):
    """The draft. Any part may be left empty until it is signed."""

    use_required_attribute = False
    version = forms.IntegerField(widget=forms.HiddenInput, initial=1)

    def __init__(self, *args: Any, people: int = 0, **kwargs: Any) -> None:
        """`people`: how many the plan names; every row is there, those beyond it and one more lie folded away."""
        super().__init__(*args, **kwargs)
        for key in words.LISTS:
            self.fields[key] = forms.CharField(
                label=words.LABELS[key],
                help_text=HELP[key],
                required=False,
                strip=False,
                widget=forms.Textarea(attrs={"rows": 4}),
            )
        self.open_rows = min(max(people + 1, FEWEST_ROWS), words.MOST_PEOPLE)
        for number in range(words.MOST_PEOPLE):
            self._add_person(number)

    def _add_person(self, number: int) -> None:
        for part, label in (("name", _("Name")), ("relation", _("Who they are"))):
            self.fields[f"person_{number}_{part}"] = forms.CharField(
                label=label, required=False, max_length=words.LONGEST_NAME
            )
        self.fields[f"person_{number}_phone"] = forms.CharField(
            label=_("Phone"),
            required=False,
            max_length=words.LONGEST_PHONE,
            widget=forms.TextInput(attrs={"inputmode": "tel", "autocomplete": "off"}),
        )
        self.fields[f"person_{number}_printed"] = forms.BooleanField(
            label=_("The client agrees: the name may stand on paper"), required=False
        )

    @classmethod
    def of(cls, plan: PreventionPlan) -> "PreventionForm":
        """The form as the draft stands."""
        content = plan.words
        return cls(initial={**typed(content), "version": plan.revision}, people=len(content.people))

    @classmethod
    def posted(cls, data: Mapping[str, Any]) -> "PreventionForm":
        """The form with what was typed, for a page that shows it again."""
        return cls(data, people=len(_people(data)))

    def signs(self) -> Iterator[forms.BoundField]:
        """The three lists of warning signs."""
        return (self[key] for key in words.SIGNS)

    def people(self) -> list[list[forms.BoundField]]:
        """The rows that stand open: name, who they are, phone, permission to print."""
        return self._rows(range(self.open_rows))

    def more_people(self) -> list[list[forms.BoundField]]:
        """The rows that are folded away."""
        return self._rows(range(self.open_rows, words.MOST_PEOPLE))

    def _rows(self, numbers: Iterable[int]) -> list[list[forms.BoundField]]:
        return [[self[f"person_{number}_{part}"] for part in PERSON_FIELDS] for number in numbers]


def typed(content: Content) -> dict[str, Any]:
    """The words as the fields of the form hold them."""
    fields: dict[str, Any] = {key: "\n".join(content.part(key)) for key in words.LISTS}
    for number, person in enumerate(content.people):
        fields |= {f"person_{number}_{part}": value for part, value in asdict(person).items()}
    return fields


def shown_elsewhere(content: Content) -> dict[str, Any]:
    """The same for a page whose browser compares fields: every row, and a tick as the browser sends it."""
    fields = typed(content)
    for number in range(words.MOST_PEOPLE):
        for part in PERSON_FIELDS[:3]:
            fields.setdefault(f"person_{number}_{part}", "")
        ticked = fields.get(f"person_{number}_printed", False)
        fields[f"person_{number}_printed"] = "on" if ticked else ""
    return fields


def content_of(data: Mapping[str, Any]) -> Content:
    """What was typed: the lines of each list, and the people."""
    lists = {key: tuple(str(data.get(key, "")).splitlines()) for key in words.LISTS}
    return Content(**lists, people=tuple(_people(data)))


def _people(data: Mapping[str, Any]) -> list[Person]:
    found = []
    for number in range(words.MOST_PEOPLE):
        name, relation, phone = (str(data.get(f"person_{number}_{part}", "")) for part in PERSON_FIELDS[:3])
        if f"{name}{relation}{phone}".strip():
            printed = bool(data.get(f"person_{number}_printed"))
            found.append(Person(name, relation, phone, printed))
    return found


def field_for(part: str | None) -> str | None:
    """The field beside which an error about a part stands."""
    return "person_0_name" if part == words.PEOPLE else part


class SignPlanForm(forms.Form):
    """Who signs now, and how the client does."""

    WAYS = (
        (PlanSignature.Way.TYPED.value, _("Types the name here")),
        (PlanSignature.Way.ALOUD.value, _("Agrees aloud, in my presence or on the phone")),
        ("", _("Signs another time")),
    )
    revision = forms.IntegerField(widget=forms.HiddenInput)
    counselor = forms.BooleanField(label=_("I sign"), required=False, initial=True)
    way = forms.ChoiceField(
        label=_("The client"), choices=WAYS, widget=forms.RadioSelect, required=False, initial="typed"
    )
    name = forms.CharField(
        label=_("Name, typed by the client"),
        max_length=words.LONGEST_NAME,
        required=False,
        help_text=_("Only when the client types it here."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )

    def __init__(self, *args: Any, by: Any, done: frozenset[str], **kwargs: Any) -> None:
        """`done`: the parties that have signed these words already; they are not asked again."""
        super().__init__(*args, **kwargs)
        self.fields["counselor"].label = _("I sign as %(name)s") % {
            "name": f"{by.full_name} {by.credential}".strip()
        }
        if PlanSignature.Party.COUNSELOR in done:
            del self.fields["counselor"]
        if PlanSignature.Party.CLIENT in done:
            del self.fields["way"], self.fields["name"]

    def given(self) -> dict[str, Any]:
        """What the act takes. Call after is_valid."""
        return {"counselor": False, **self.cleaned_data}
