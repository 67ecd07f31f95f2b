"""The client's own plan on their own phone, behind a one-time link (clinical.md §1.8; docs/adr/0016).

A page without scripts that reads well without its style sheet, and the same as one printed page to keep.
"""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone, translation

from casework.relapse.models import PreventionPlan
from casework.relapse.prevention import queries, sheet
from clients import links
from clients.models import Client, ClientLink
from clients.views.links import closed, public


def _carried(token: str) -> tuple[Client, PreventionPlan] | None:
    """Whose plan the link opens, and the signed version; nothing for a link of another kind or none."""
    link = links.opened(token, now=timezone.now())
    if link is None or link.purpose != ClientLink.Purpose.PLAN:
        return None
    client = link.client.survivor
    plan = queries.current_plan(client)
    return (client, plan) if plan is not None else None


@public
def plan(request: HttpRequest, token: str) -> HttpResponse:
    """The plan in the client's language, to read and to keep."""
    found = _carried(token)
    if found is None:
        return closed(request, token)
    client, version = found
    language = sheet.language_for(client.language)
    with translation.override(language):
        context = {
            "token": token,
            "signs": [(title, version.words.part(key)) for key, title in sheet.sign_titles()],
            "words": version.words,
            "people": [one for one in version.words.people if one.printed],
            "numbers": sheet.lines_to_call(),
            "signed_at": version.signed_at,
        }
        return render(request, "links/plan.html", context)


@public
def paper(request: HttpRequest, token: str) -> HttpResponse:
    """The printed page, to be saved on the phone under a name that tells nothing."""
    found = _carried(token)
    if found is None:
        return closed(request, token)
    client, version = found
    language = sheet.language_for(client.language)
    headers = {"Content-Disposition": f'attachment; filename="{sheet.file_name(language)}"'}
    return HttpResponse(
        sheet.drawn(version, language=language), content_type="application/pdf", headers=headers
    )
