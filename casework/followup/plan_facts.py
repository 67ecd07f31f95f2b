"""Everything that a new plan depends on, read in one statement: a report must not wait for a dozen of them."""

from dataclasses import dataclass
from datetime import date, datetime

from django.db import connection
from django.utils import timezone

from casework.followup import schedule
from casework.followup.messages.policy import AUTOMATED, PERMISSION_FOR
from casework.followup.models.plans import RUNNING
from casework.followup.plan_templates import BY_HAND, FOR_SUPERVISOR, SAFETY, ChannelRule, ToDoKind
from clients.models import Client, Permission


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What is on record of a client at the moment of a report."""

    red_flags: list[str]  # of final assessments made within a day before the report
    substance_classes: list[str]
    used_on: date | None  # the last use before that day
    last_used_on: date | None  # the same, as the list of substances tells it
    admitted_on: date | None
    sent: list[datetime]  # automated messages of the last week, and reminders to come: the caps count them
    counselor: int | None  # the owner on record of a to-do, or whoever supervises that person
    supervisor: int | None
    agreed: list[str]  # channels with a permission in force
    declines_calls: bool
    has_running_plan: bool
    open_alarms: list[str]  # kinds of to-dos of a red flag that a new plan leaves open
    jurisdiction: str | None  # None before the practice is set up
    template_version: int  # the newest of the stage

    def owner_of(self, kind: str) -> int | None:
        """Whose to-do it is: the counselor's; the supervisor's where the kind is theirs and there is one."""
        return (self.supervisor if kind in FOR_SUPERVISOR else None) or self.counselor

    @property
    def may_be_messaged(self) -> bool:
        """Whether a permission for some automated way is left."""
        return not set(PERMISSION_FOR.values()).isdisjoint(self.agreed)

    @property
    def way_by_hand(self) -> ToDoKind | None:
        """What a person does where no message may go: call, else write, else nothing (clinical.md §4.3)."""
        if not self.declines_calls:
            return ToDoKind.CALL
        return ToDoKind.LETTER if Permission.Channel.LETTER in self.agreed else None

    def by_hand(self, preferred: str) -> dict[str, ToDoKind | None]:
        """Which steps a person does for this client, by the step's way; None where there is no way at all."""
        ways: dict[str, ToDoKind | None] = dict.fromkeys((*PERMISSION_FOR, *BY_HAND), self.way_by_hand)
        for rule, channel in PERMISSION_FOR.items():
            if channel in self.agreed:
                del ways[rule]
        if Permission.Channel.LETTER in self.agreed:
            ways[ChannelRule.LETTER] = ToDoKind.LETTER
        if preferred == ChannelRule.CALL and Permission.Channel.CALL in self.agreed:
            ways[ChannelRule.PREFERRED] = ToDoKind.CALL
        return ways

    def days_without_use(self, day: date) -> int | None:
        """Days from the last use on record, or from admission where none is, to `day`. None when neither is known."""
        used = [one for one in (self.used_on, self.last_used_on) if one is not None]
        known = used or [one for one in (self.admitted_on,) if one is not None]
        return (day - max(known)).days if known else None


# One place and one statement, in SQL: put together by the ORM it took longer than the rest of a report.
READ = """
SELECT ARRAY(SELECT unnest(red_flags)
               FROM relapse_stageassessment
              WHERE client_id = ANY(%(ids)s) AND state = 'final'
                AND assessed_at BETWEEN %(a_day_before)s AND %(reported_at)s
              ORDER BY id) AS red_flags,
       ARRAY(SELECT named.klass
               FROM clients_clientsubstance AS own JOIN clients_substance AS named ON named.id = own.substance_id
              WHERE own.client_id = ANY(%(ids)s)
              ORDER BY own.id) AS substance_classes,
       (SELECT max(use."on")
          FROM relapse_useday AS use JOIN relapse_useepisode AS episode ON episode.id = use.episode_id
         WHERE episode.client_id = ANY(%(ids)s) AND use."on" < %(day)s AND episode.verification <> 'void') AS used_on,
       (SELECT max(last_used_on)
          FROM clients_clientsubstance
         WHERE client_id = ANY(%(ids)s) AND last_used_on < %(day)s) AS last_used_on,
       (SELECT max(admitted_on)
          FROM clients_episodeofcare
         WHERE client_id = ANY(%(ids)s) AND admitted_on <= %(day)s) AS admitted_on,
       ARRAY(SELECT coalesce(sent_at, due_at)
               FROM followup_message
              WHERE client_id = ANY(%(ids)s)
                AND ((kind = ANY(%(automated)s) AND sent_at >= %(a_week_ago)s)
                     OR (kind = 'reminder' AND sent_at IS NULL AND recalled <> 'cancel'
                         AND status IN ('planned', 'held', 'failed', 'claimed', 'unknown')))
              ORDER BY 1) AS sent,
       counselor.user_id AS counselor,
       coalesce((SELECT supervisor_id
                   FROM clients_supervision
                  WHERE supervisee_id = counselor.user_id
                    AND from_on <= %(today)s AND (to_on IS NULL OR to_on >= %(today)s)
                  ORDER BY id LIMIT 1),
                (SELECT user_id
                   FROM clients_teammembership
                  WHERE team_id = client.team_id AND is_supervisor
                    AND from_on <= %(today)s AND (to_on IS NULL OR to_on >= %(today)s)
                  ORDER BY id LIMIT 1)) AS supervisor,
       ARRAY(SELECT channel
               FROM clients_permission
              WHERE client_id = ANY(%(ids)s)
                AND granted_at <= %(now)s AND (withdrawn_at IS NULL OR withdrawn_at > %(now)s)
              ORDER BY id) AS agreed,
       coalesce((SELECT NOT bool_or(granted_at <= %(now)s AND (withdrawn_at IS NULL OR withdrawn_at > %(now)s))
                   FROM clients_permission
                  WHERE client_id = ANY(%(ids)s) AND channel = 'call'), false) AS declines_calls,
       EXISTS(SELECT FROM followup_followupplan
               WHERE client_id = client.id AND state = ANY(%(running)s)) AS has_running_plan,
       ARRAY(SELECT todo.kind
               FROM followup_todo AS todo LEFT JOIN followup_followupplan AS plan ON plan.id = todo.plan_id
              WHERE todo.client_id = client.id AND todo.state = 'open' AND todo.kind = ANY(%(alarms)s)
                AND (plan.id IS NULL OR todo.kind = ANY(%(safety)s) OR plan.state <> ALL(%(running)s))
              ORDER BY todo.id) AS open_alarms,
       (SELECT jurisdiction FROM clients_practice ORDER BY id LIMIT 1) AS jurisdiction,
       (SELECT max(version)
          FROM followup_templateversion
         WHERE stage = %(stage)s AND state = 'released') AS template_version
  FROM clients_client AS client
  LEFT JOIN LATERAL (SELECT user_id
                       FROM clients_careteammember
                      WHERE client_id = client.id AND role = 'primary'
                        AND starts_at <= %(now)s AND (ends_at IS NULL OR ends_at > %(now)s)
                      ORDER BY starts_at DESC, id DESC LIMIT 1) AS counselor ON true
 WHERE client.id = %(client)s
"""
# Those of the running plan end with it, unless they are about safety.
ALARMS = (ToDoKind.EMERGENCY, ToDoKind.SUPERVISOR_REVIEW, ToDoKind.MEDICAL)


def read(client: Client, *, stage: str, day: date, reported_at: datetime, now: datetime) -> Known:
    """What is known of the client; `day` is the local day of what is reported."""
    with connection.cursor() as cursor:
        cursor.execute(
            READ,
            {
                "client": client.pk,
                "ids": client.record_ids,
                "stage": str(stage),
                "day": day,
                "reported_at": reported_at,
                "a_day_before": reported_at - schedule.TOO_LATE / 2,
                "now": now,
                "today": timezone.localdate(now),
                "a_week_ago": now - schedule.WEEK,
                "automated": [str(kind) for kind in AUTOMATED],
                "running": [str(state) for state in RUNNING],
                "alarms": [str(kind) for kind in ALARMS],
                "safety": [str(kind) for kind in SAFETY],
            },
        )
        names = [column.name for column in cursor.description]
        return Known(**dict(zip(names, cursor.fetchone(), strict=True)))
