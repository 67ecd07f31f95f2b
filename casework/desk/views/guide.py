"""The guide on one page."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from casework.desk.guide import read

GUIDE = settings.BASE_DIR / "docs" / "guide.md"


@require_safe
def page(request: HttpRequest) -> HttpResponse:
    """docs/guide.md, as it is in the repository."""
    return render(request, "desk/help.html", {"blocks": read(GUIDE.read_text(encoding="utf-8"))})
