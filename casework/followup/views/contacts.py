"""Logging a try to reach the client."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from casework.followup import actions
from casework.followup.forms import ContactForm
from casework.followup.letters import voicemail
from casework.followup.messages.texts import language_for
from casework.followup.models import ContactAttempt, ToDo
from casework.followup.plan_templates import ToDoKind
from clients.access import Verb
from clients.doors import client_or_404
from clients.forms import answering
from clients.models import Client, ContactPoint
from clients.views.guard import READ_OR_WRITE, home, needs
from clients.views.pages import form_page


@require_http_methods(READ_OR_WRITE)
@needs(Verb.LOG_CONTACT)
def log(request: HttpRequest, uid: UUID) -> HttpResponse:
    """How, and what came of it. With `?todo=`, for that to-do."""
    client = client_or_404(request, uid, viewing=request.method == "GET")
    todo = _todo(client, request.GET.get("todo", ""))
    form = ContactForm(
        request.POST if request.method == "POST" else None, initial={"channel": ContactAttempt.Channel.PHONE}
    )
    if request.method == "POST" and form.is_valid():
        with answering(form):
            attempt = actions.log_contact(
                client_id=client.pk,
                by=request.user,
                now=timezone.now(),
                todo_id=todo.pk if todo else None,
                **form.cleaned_data,
            )
            return _after(request, client, attempt)
    phones = ContactPoint.objects.of(client).current().exclude(kind="email")
    return form_page(
        request,
        client,
        form,
        title=_("Log a contact"),
        save=_("Log it"),
        page="followup/contact.html",
        todo=todo,
        phones=phones,
        script=voicemail(client, by=request.user),
        script_language=language_for(client.language),
    )


def _todo(client: Client, uid: str) -> ToDo | None:
    try:
        return ToDo.objects.filter(client=client, uid=UUID(uid)).first() if uid else None
    except ValueError:
        return None


def _after(request: HttpRequest, client: Client, attempt: ContactAttempt) -> HttpResponse:
    """After the first talk the safety checklist is next, where one is open."""
    if attempt.outcome != ContactAttempt.Outcome.REACHED:
        messages.info(request, _("Logged as an attempt. The contact is still open."))
        return home(client)
    messages.success(request, _("Logged: you talked with %(first)s.") % {"first": client.first_name})
    if client.todos.open().filter(kind=ToDoKind.SAFETY_CHECKLIST).exists():
        return redirect("followup:checklist", uid=client.uid)
    return home(client)
