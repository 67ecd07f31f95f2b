"""Addresses: every room keeps its own; here they only meet."""

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.urls import include, path
from django.views.i18n import set_language

urlpatterns = [
    path("accounts/", include("allauth.urls")),
    path("language/", login_not_required(set_language), name="set_language"),
    path("", include("clients.urls")),
    path("", include("sessions.urls")),
    path("", include("casework.staff.urls")),
    path("", include("casework.relapse.urls")),
    path("", include("casework.followup.urls")),
    path("", include("casework.desk.urls")),
    path("", include("casework.supervision.urls")),
    path("", include("api.urls")),
]
if settings.DEBUG:
    urlpatterns.append(path("style/", include("casework.desk.views.style")))
