from django.apps import AppConfig


class FollowupConfig(AppConfig):
    name = "casework.followup"
    label = "followup"
    verbose_name = "What happens next"
