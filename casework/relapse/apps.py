from django.apps import AppConfig


class RelapseConfig(AppConfig):
    name = "casework.relapse"
    label = "relapse"
