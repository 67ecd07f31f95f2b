"""The choice of a room."""

from typing import Any

from django import forms
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from sessions.models import Room


class RoomField(forms.ModelChoiceField):
    """A room in use, or none. Two sites may each have a "Group room": the site stands beside the name."""

    def __init__(self, *, empty_label: str | Promise) -> None:
        super().__init__(
            Room.objects.in_use().select_related("site").order_by("name", "pk"),
            label=_("Room"),
            to_field_name="uid",
            required=False,
            empty_label=str(empty_label),
        )

    def label_from_instance(self, obj: Any) -> str:
        return f"{obj.name} · {obj.site.name}"
