"""Addresses: every room keeps its own; here they only meet."""

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.urls import include, path
from django.views.i18n import set_language

urlpatterns = [
    path("accounts/", include("allauth.urls")),
    path("language/", login_not_required(set_language), name="set_language"),
    *[
        path("", include(f"{room}.urls"))
        for room in settings.ROOMS
        if (settings.BASE_DIR / room.replace(".", "/") / "urls.py").exists()
    ],
]
if settings.DEBUG:
    urlpatterns.append(path("style/", include("casework.desk.views.style")))
