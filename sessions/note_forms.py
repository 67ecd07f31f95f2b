"""The forms of notes: the fields of a format, the header over them, and what signing asks."""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from clients.errors import InvalidInput
from clients.forms import MomentInput
from clients.stage import Stage
from sessions import formats, headers
from sessions.actions.notes import LONGEST_TEXT
from sessions.headers import Header
from sessions.models import Goal, Note, Snippet

PASSWORD = forms.PasswordInput(attrs={"autocomplete": "current-password"})


class NoteForm(forms.Form):
    """The fields of one note format and the risk statement. A draft may leave any of them empty."""

    use_required_attribute = False
    version = forms.IntegerField(widget=forms.HiddenInput, initial=0)
    format = forms.CharField(widget=forms.HiddenInput)
    risk_action = forms.CharField(required=False, strip=False, widget=forms.Textarea(attrs={"rows": 2}))

    def __init__(
        self, *args: Any, layout: formats.NoteFormat, note: Note | None = None, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.layout = layout
        carried = note.carried_text if note is not None else {}
        for section in layout.sections:
            mark = gettext("Taken over from an earlier note: edit it before signing.")
            self.fields[section.key] = forms.CharField(
                label=str(section.label),
                help_text=mark if section.key in carried else str(section.help),
                strip=False,
                max_length=LONGEST_TEXT,
                widget=forms.Textarea(
                    attrs={"rows": 5} | ({"class": "carried"} if section.key in carried else {})
                ),
            )
        self.fields["risk"] = forms.ChoiceField(
            label=str(formats.RISK_LABEL),
            choices=[(key, str(words)) for key, words in formats.RISK_LEVELS.items()],
            widget=forms.RadioSelect,
        )
        self.fields["risk_action"].label = str(formats.RISK_ACTION_LABEL)
        self.fields["risk_action"].help_text = gettext("Needed when there is a risk.")
        self.fields["format"].initial = layout.key
        self.order_fields([*layout.keys, "risk", "risk_action", "version", "format"])

    def begin_at_the_first_empty_part(self) -> None:
        """Put the cursor where there is something to write."""
        empty = [key for key in self.layout.keys if not self[key].value()]
        for key in empty[:1]:
            self.fields[key].widget.attrs["data-focus"] = ""

    @classmethod
    def of(cls, note: Note | None, *, usual: str = formats.DAP.key) -> "NoteForm":
        """The form as it stands in the draft; an empty one of the `usual` format when there is none."""
        if note is None:
            return cls(layout=formats.FORMATS.get(usual, formats.DAP))
        return cls(layout=note.layout, note=note, initial={**note.sections, "version": note.version})


def posted_sections(data: Mapping[str, Any]) -> dict[str, str]:
    """The note's parts among the fields of a request, as typed."""
    return {key: data[key] for key in formats.KNOWN_KEYS if key in data}


def _choices(words: Mapping[str, formats.Words]) -> list[tuple[str, str]]:
    return [(key, str(word)) for key, word in words.items()]


class HeaderForm(forms.Form):
    """What stands over the note, filled from the session; every field may be left as it is."""

    use_required_attribute = False
    # Tells a page that has these fields from one that has not.
    header = forms.CharField(widget=forms.HiddenInput, initial="1", required=False)
    began_at = forms.DateTimeField(label=_("Began"), widget=MomentInput(), required=False)
    ended_at = forms.DateTimeField(label=_("Ended"), widget=MomentInput(), required=False)
    place = forms.CharField(label=_("Where"), max_length=headers.LONGEST_WORDS, required=False)
    who = forms.CharField(
        label=_("Who exactly, where it matters"),
        max_length=headers.LONGEST_WORDS,
        required=False,
        help_text=_("Such as: the client's sister. Nobody else's clients by name."),
    )
    next_appointment_at = forms.DateTimeField(
        label=_("Next appointment"), widget=MomentInput(), required=False
    )

    def __init__(self, *args: Any, goals: list[Goal], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["service_type"] = forms.ChoiceField(
            label=_("Kind of service"), choices=_choices(headers.SERVICES), required=False
        )
        self.fields["roles"] = forms.MultipleChoiceField(
            label=_("Who took part"),
            choices=_choices(headers.ROLES),
            widget=forms.CheckboxSelectMultiple,
            required=False,
        )
        stages = [("", gettext("Not said")), *((one.value, str(one.label)) for one in Stage)]
        self.fields["stage_at_end"] = forms.ChoiceField(
            label=_("Stage at the end"), choices=stages, required=False
        )
        if goals:
            self.fields["goals"] = forms.MultipleChoiceField(
                label=_("Goals worked on"),
                choices=[(str(goal.uid), goal.words) for goal in goals],
                widget=forms.CheckboxSelectMultiple,
                required=False,
            )
        self.order_fields(
            ["service_type", "began_at", "ended_at", "place", "roles", "who", "goals", "stage_at_end"]
        )

    @classmethod
    def of(cls, shown: Header, *, goals: list[Goal]) -> "HeaderForm":
        """Filled with a header."""
        return cls(
            goals=goals,
            initial={
                "service_type": shown.service_type,
                "began_at": shown.began_at,
                "ended_at": shown.ended_at,
                "place": shown.place,
                "roles": list(shown.roles),
                "who": shown.who,
                "stage_at_end": shown.stage_at_end,
                "next_appointment_at": shown.next_appointment_at,
                "goals": [str(uid) for uid in shown.goals],
            },
        )

    def said(self) -> Header:
        """What was posted. Raises InvalidInput for the first field that cannot be understood."""
        if not self.is_valid():
            field, errors = next(iter(self.errors.items()))
            raise InvalidInput(" ".join(str(error) for error in errors), field=field)
        told = dict(self.cleaned_data)
        told.pop("header")
        return Header(**{**told, "roles": tuple(told["roles"]), "goals": _uids(told.pop("goals", []))})


def _uids(texts: list[str]) -> tuple[Any, ...]:
    field = forms.UUIDField()
    return tuple(field.clean(text) for text in texts)


class PasswordForm(forms.Form):
    """Who signs proves once more who they are."""

    password = forms.CharField(label=_("Your password"), strip=False, widget=PASSWORD)


class SignForm(PasswordForm):
    """What signing asks for: the version that was read, the password, and the reason when it is late."""

    version = forms.IntegerField(widget=forms.HiddenInput)
    late_reason = forms.CharField(
        label=_("Why is this entry late?"),
        required=False,
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("It is more than 72 hours after the session. The reason stays with the note."),
    )

    def __init__(self, *args: Any, late: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if late:
            self.fields["late_reason"].required = True
        else:
            del self.fields["late_reason"]
            self.fields["password"].widget.attrs["data-focus"] = ""
        self.order_fields(["late_reason", "password", "version"])


class CosignForm(PasswordForm):
    """The version that the co-signer read."""

    version = forms.IntegerField(widget=forms.HiddenInput)
    prefix = "cosign"


class ReturnForm(forms.Form):
    """What the author should look at again."""

    comment = forms.CharField(
        label=_("What should be looked at again"),
        max_length=LONGEST_TEXT,
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    version = forms.IntegerField(widget=forms.HiddenInput)
    prefix = "return"


class AddendumForm(PasswordForm):
    """What is added to a signed note, and why."""

    text = forms.CharField(
        label=_("What is added"),
        strip=False,
        max_length=LONGEST_TEXT,
        widget=forms.Textarea(attrs={"rows": 4}),
    )
    reason = forms.CharField(label=_("Why"), max_length=200)
    prefix = "addendum"
    field_order = ("text", "reason", "password")


class VoidForm(forms.Form):
    """Why a signed note is taken out of use."""

    kind = forms.ChoiceField(
        label=_("What is wrong"), choices=Note.VoidKind.choices, widget=forms.RadioSelect
    )
    reason = forms.CharField(label=_("Why"), max_length=1000, widget=forms.Textarea(attrs={"rows": 3}))


class PhraseForm(forms.Form):
    """A short word, and what it stands for."""

    word = forms.SlugField(
        label=_("Short word"), max_length=24, allow_unicode=True, help_text=_("Such as: sleep")
    )
    text = forms.CharField(
        label=_("What it puts in"), max_length=5000, strip=False, widget=forms.Textarea(attrs={"rows": 3})
    )


class TemplateForm(forms.Form):
    """The beginning of a whole note of one format."""

    word = forms.CharField(label=_("Name"), max_length=24)

    def __init__(self, *args: Any, layout: formats.NoteFormat, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.layout = layout
        for section in layout.sections:
            self.fields[section.key] = forms.CharField(
                label=str(section.label),
                required=False,
                strip=False,
                max_length=LONGEST_TEXT,
                widget=forms.Textarea(attrs={"rows": 3}),
            )

    def sections(self) -> dict[str, str]:
        """The text by field. Call after is_valid."""
        return {key: self.cleaned_data[key] for key in self.layout.keys if self.cleaned_data.get(key)}


class TemplateChoice(forms.Form):
    """Which of one's templates fills the empty fields."""

    def __init__(self, *args: Any, templates: list[Snippet], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["template"] = forms.ChoiceField(
            label=_("Template"), choices=[(str(one.uid), one.word) for one in templates], required=False
        )


class CounselingNoteForm(forms.Form):
    """One's own words about the work."""

    version = forms.IntegerField(widget=forms.HiddenInput)
    content = forms.CharField(
        label=_("Your own notes"),
        strip=False,
        required=False,
        max_length=LONGEST_TEXT,
        widget=forms.Textarea(attrs={"rows": 18}),
    )
