"""The guide on one page."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from casework.desk.guide import read

GUIDE = settings.BASE_DIR / "docs" / "guide.md"


def page(request: HttpRequest) -> HttpResponse:
    """docs/guide.md, as it is in the repository."""
    return render(request, "desk/help.html", {"blocks": read(GUIDE.read_text(encoding="utf-8"))})
