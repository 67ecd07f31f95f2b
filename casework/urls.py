"""Addresses: every room keeps its own; here they only meet."""

from django.conf import settings
from django.urls import include, path

urlpatterns = [
    path("accounts/", include("allauth.urls")),
    *[path("", include(f"{room}.urls")) for room in settings.ROOMS if (settings.BASE_DIR / room.replace(".", "/") / "urls.py").exists()],
]
