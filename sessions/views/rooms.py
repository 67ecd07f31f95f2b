"""The rooms of the practice."""

from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from clients.access import Verb
from clients.forms import answering, telling
from clients.models import Site
from clients.views.guard import READ_OR_WRITE, needs
from sessions.actions.rooms import add_room, retire_room
from sessions.booking_forms import RoomForm
from sessions.models import Room


@require_http_methods(READ_OR_WRITE)
@needs(Verb.KEEP_WATCH)
def page(request: HttpRequest) -> HttpResponse:
    """Those in use, and the form that adds one."""
    sites = Site.objects.order_by("name", "pk")
    form = RoomForm(request.POST if request.method == "POST" else None, sites=sites)
    if request.method == "POST" and form.is_valid():
        with answering(form):
            add_room(by=request.user, now=timezone.now(), **form.cleaned_data)
            return redirect("counseling:rooms")
    rooms = Room.objects.in_use().select_related("site").order_by("site__name", "name", "pk")
    return render(request, "sessions/rooms.html", {"form": form, "rooms": rooms})


@require_POST
@needs(Verb.KEEP_WATCH)
def retire(request: HttpRequest, uid: UUID) -> HttpResponse:
    """Give a room up."""
    room = Room.objects.filter(uid=uid).first()
    if room is None:
        raise Http404
    with telling(request):
        retire_room(room_id=room.pk, by=request.user, now=timezone.now())
    return redirect("counseling:rooms")
