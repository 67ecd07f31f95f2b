"""The guide on one page."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import get_language
from django.views.decorators.http import require_safe

from casework.desk.guide import read

DOCS = settings.BASE_DIR / "docs"
GUIDES = {"en": DOCS / "guide.md", "es": DOCS / "guide.es.md"}


@require_safe
def page(request: HttpRequest) -> HttpResponse:
    """The guide as it is in docs/, in the reader's language."""
    guide = GUIDES.get(get_language() or "en", GUIDES["en"])
    blocks = read(guide.read_text(encoding="utf-8"))
    parts = [block for block in blocks if block.kind == "heading" and block.level == 2]
    return render(request, "desk/help.html", {"blocks": blocks, "parts": parts})
