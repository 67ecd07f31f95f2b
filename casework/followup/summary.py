"""This room's columns of the client's summary, brought up to date in the transaction that changes them."""

from datetime import datetime

from django.db import connection
from django.db.models import Q

from clients.models import ClientSummary

# Of the plans the running one, else the last.
REFRESH = """
UPDATE clients_clientsummary
   SET open_todos = todos.number, next_due_todo_at = todos.due_at, unread_answers = unread.number,
       plan_state = coalesce(plan.state, ''), plan_stage = coalesce(plan.stage, ''), plan_started_at = plan.starts_at
  FROM (SELECT count(*) AS number, min(due_at) AS due_at
          FROM followup_todo
         WHERE client_id = %(client)s AND state = 'open') AS todos
 CROSS JOIN
       (SELECT count(*) AS number
          FROM followup_inboundmessage
         WHERE client_id = %(client)s AND read_at IS NULL) AS unread
  LEFT JOIN
       (SELECT state, stage, starts_at
          FROM followup_followupplan
         WHERE client_id = %(client)s
         ORDER BY closed_at DESC NULLS FIRST, starts_at DESC, id DESC
         LIMIT 1) AS plan ON true
 WHERE clients_clientsummary.client_id = %(client)s
"""


def refresh(client_id: int) -> None:
    """Recount open to-dos and unread answers, and note the running plan, or the last one. One statement."""
    with connection.cursor() as cursor:
        cursor.execute(REFRESH, {"client": client_id})


def contact_made(client_id: int, at: datetime) -> None:
    """Remember the latest two-way contact; an older one entered late changes nothing."""
    later = Q(last_contact_at__isnull=True) | Q(last_contact_at__lt=at)
    ClientSummary.objects.filter(later, client=client_id).update(last_contact_at=at)
