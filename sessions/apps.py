from django.apps import AppConfig


class SessionsConfig(AppConfig):
    """Counseling sessions and their notes. The label is our own: Django owns the label "sessions"."""

    name = "sessions"
    label = "counseling"
    verbose_name = "Counseling sessions"
