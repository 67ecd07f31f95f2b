"""What is on record about an emergency: signs noted within the last day, and who was told when."""

from datetime import datetime, timedelta

from casework.followup.models import SafetyChecklist, StaffAlert, ToDo
from casework.relapse.models import StageAssessment
from casework.relapse.signs import RedFlag
from clients.models import Client

LATELY = timedelta(days=1)


def known_flags(client: Client, at: datetime) -> list[str]:
    """Red flags that an assessment or a safety checklist of the last day notes, each once."""
    assessed = StageAssessment.objects.final().filter(
        client__in=client.record_ids, assessed_at__range=(at - LATELY, at)
    )
    asked = SafetyChecklist.objects.filter(
        client__in=client.record_ids, completed_at__range=(at - LATELY, at)
    )
    noted = {flag for flags in assessed.values_list("red_flags", flat=True).order_by("pk") for flag in flags}
    for answers in asked.order_by("pk").values_list("answers", flat=True):
        noted |= {flag for flag in RedFlag.values if answers.get(f"flag_{flag}") == "yes"}
    return [flag for flag in RedFlag.values if flag in noted]


def told(todo: ToDo) -> list[StaffAlert]:
    """The alerts that went out or wait, the newest first."""
    return list(todo.alerts.filter(dropped_at=None).select_related("to").order_by("-due_at", "pk")[:12])
