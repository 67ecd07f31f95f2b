from django.apps import AppConfig


class MeasuresConfig(AppConfig):
    name = "casework.measures"
    label = "measures"
