"""The texts that clients receive: the list, and wording one of them anew."""

from typing import Any, Self

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from casework.followup import actions
from casework.followup.actions.wording import current_text
from casework.followup.messages import lint
from casework.followup.messages.manual import tidy
from casework.followup.messages.releasing import Names
from casework.followup.models import MessageText
from casework.followup.wording import PURPOSES, purpose
from clients.access import Verb
from clients.doors import refuse
from clients.errors import Conflict, DomainError
from clients.forms import telling
from clients.views.guard import READ_OR_WRITE, needs

MOST = 2000  # characters that are looked at


class WordingForm(forms.Form):
    """The words of one text, and the version they came from."""

    body = forms.CharField(
        label=gettext_lazy("Text"), required=False, max_length=MOST, widget=forms.Textarea(attrs={"rows": 5})
    )
    based_on = forms.IntegerField(widget=forms.HiddenInput)

    def beside(self, current: MessageText, why: str) -> Self:
        """The same words, now to be compared with the version that somebody else released."""
        data = {**dict(self.data.items()), "based_on": current.version}
        form = type(self)(data)
        form.is_valid()
        form.add_error("body", why)
        return form


@require_safe
@needs(Verb.MANAGE_PRACTICE)
def page(request: HttpRequest) -> HttpResponse:
    """Every text in both languages, with its version, its length and whether a native speaker has read it."""
    names = Names.here()
    texts = MessageText.objects.current().select_related("reviewed_by").order_by("pk")
    rows = [_row(text, names) for text in texts]
    rows.sort(key=lambda row: (row["text"].channel != MessageText.Channel.SMS, row["place"], row["text"].key))
    return render(request, "followup/texts.html", {"rows": rows, "now": timezone.now()})


def _row(text: MessageText, names: Names) -> dict[str, Any]:
    sights = names.sights(text.key, text.language, text.body)
    return {
        "text": text,
        "purpose": purpose(text.key),
        "place": [*PURPOSES].index(text.key.split(".", maxsplit=1)[0]),
        "longest": sights[-1] if sights else None,
        "problems": [
            lint.said(one) for one in names.problems(text.channel, text.key, text.language, text.body)
        ],
    }


@require_http_methods(READ_OR_WRITE)
@needs(Verb.MANAGE_PRACTICE)
def edit(request: HttpRequest, channel: str, language: str, key: str) -> HttpResponse:
    """Word a text anew; what speaks against it is said beside the words."""
    text = _found(request, channel, key, language)
    form = WordingForm(
        request.POST if request.method == "POST" else None,
        initial={"body": text.body, "based_on": text.version},
    )
    if request.method == "POST" and form.is_valid():
        try:
            released = actions.release_text(
                channel=channel,
                key=key,
                language=language,
                by=request.user,
                now=timezone.now(),
                **form.cleaned_data,
            )
        except Conflict as conflict:
            form = form.beside(text, str(conflict))
        except DomainError as declined:
            form.add_error("body", str(declined))
        else:
            messages.success(request, _("Version %(n)s goes out from now on.") % {"n": released.version})
            return redirect("followup:texts")
    body = form["body"].value() or ""
    context = {
        "text": text,
        "form": form,
        "now": timezone.now(),
        "purpose": purpose(key),
        "variables": _variables(key),
        "earlier": MessageText.objects.filter(channel=channel, key=key, language=language)
        .exclude(pk=text.pk)
        .select_related("released_by")
        .order_by("-version"),
        **_seen(channel, key, language, body),
    }
    return render(request, "followup/text.html", context, status=422 if form.errors else 200)


@require_POST
@needs(Verb.MANAGE_PRACTICE)
def preview(request: HttpRequest, channel: str, language: str, key: str) -> HttpResponse:
    """The text as it would arrive, and what speaks against it so far. Writes nothing."""
    _found(request, channel, key, language)
    seen = _seen(channel, key, language, request.POST.get("body", ""))
    return render(request, "followup/_text_preview.html", seen)


@require_POST
@needs(Verb.MANAGE_PRACTICE)
def review(request: HttpRequest, channel: str, language: str, key: str) -> HttpResponse:
    """A native speaker has read it."""
    text = _found(request, channel, key, language)
    with telling(request):
        actions.review_text(text_id=text.pk, by=request.user, now=timezone.now())
        messages.success(request, _("Noted."))
    return redirect("followup:text_edit", channel=channel, language=language, key=key)


def _found(request: HttpRequest, channel: str, key: str, language: str) -> MessageText:
    text = current_text(channel, key, language)
    if text is None:
        raise refuse(request, what="followup.MessageText", uid=f"{channel}.{key}.{language}"[:80])
    return text


def _seen(channel: str, key: str, language: str, body: str) -> dict[str, Any]:
    names, body = Names.here(), tidy(body)[:MOST]
    return {
        "sights": names.sights(key, language, body),
        "problems": [lint.said(one) for one in names.problems(channel, key, language, body)],
        "is_sms": channel == MessageText.Channel.SMS,
    }


def _variables(key: str) -> list[str]:
    return [f"{{{name}}}" for name in sorted(lint.variables_for(key))]
