"""The page about one client with one form on it."""

from typing import Any

from django.forms import BaseForm
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from clients.models import Client


def form_page(
    request: HttpRequest,
    client: Client,
    form: BaseForm,
    *,
    title: str,
    save: str,
    page: str = "clients/form.html",
    **context: Any,
) -> HttpResponse:
    """Title, the client's name, the form with what was typed, and one button that says what it does."""
    return render(request, page, {"client": client, "form": form, "title": title, "save": save, **context})
