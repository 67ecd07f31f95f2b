"""Who may see and do what. Deny is the default: a verb that a role does not list is not allowed."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from django.db.models import TextChoices
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from clients.errors import NotAllowed


class Role(TextChoices):
    """What a person is here to do."""

    COUNSELOR = "counselor", gettext_lazy("Counselor")
    SUPERVISOR = "supervisor", gettext_lazy("Supervisor")
    ADMINISTRATOR = "administrator", gettext_lazy("Administrator")
    AUDITOR = "auditor", gettext_lazy("Auditor")


class Verb(StrEnum):
    """Everything that can be done; each action asks for exactly one."""

    VIEW_CLIENT = "view client"
    REGISTER_CLIENT = "register client"
    EDIT_CLIENT = "edit client"
    ASSIGN_COUNSELOR = "assign counselor"
    MANAGE_PERMISSIONS = "manage permissions"
    DISCHARGE_CLIENT = "discharge client"
    RECORD_DEATH = "record death"
    ASSESS_STAGE = "assess stage"
    REPORT_RELAPSE = "report relapse"
    DECIDE_REPORT = "confirm or retract report"
    RUN_PLAN = "run follow-up plan"
    COMPLETE_TODO = "complete to-do"
    LOG_CONTACT = "log contact"
    READ_INBOX = "read inbox"
    SEND_MESSAGE = "send message"
    SCHEDULE_SESSION = "schedule session"
    HOLD_SESSION = "hold session"
    WRITE_NOTE = "write note"
    READ_NOTE = "read signed note"
    COSIGN_NOTE = "co-sign or return note"
    VOID_NOTE = "void note"
    KEEP_COUNSELING_NOTES = "keep own counseling notes"
    WRITE_PLANS = "write care plans"
    GIVE_MEASURE = "give measure"
    ARRANGE_ABSENCE = "arrange absence and cover"
    DECIDE_SILENCE = "decide when nobody answers"
    REVIEW_CASELOAD = "review caseload"
    MERGE_CLIENTS = "merge clients"
    TRIAGE_UNKNOWN = "look through unknown numbers"
    IMPORT_CLIENTS = "import clients"
    READ_AUDIT = "read audit trail"
    MANAGE_STAFF = "manage staff"
    MANAGE_PRACTICE = "manage practice"
    KEEP_WATCH = "keep hours and crisis words"


_CARE = frozenset(
    {
        Verb.VIEW_CLIENT,
        Verb.REGISTER_CLIENT,
        Verb.EDIT_CLIENT,
        Verb.MANAGE_PERMISSIONS,
        Verb.DISCHARGE_CLIENT,
        Verb.RECORD_DEATH,
        Verb.ASSESS_STAGE,
        Verb.REPORT_RELAPSE,
        Verb.DECIDE_REPORT,
        Verb.RUN_PLAN,
        Verb.COMPLETE_TODO,
        Verb.LOG_CONTACT,
        Verb.READ_INBOX,
        Verb.SEND_MESSAGE,
        Verb.SCHEDULE_SESSION,
        Verb.HOLD_SESSION,
        Verb.WRITE_NOTE,
        Verb.READ_NOTE,
        Verb.KEEP_COUNSELING_NOTES,
        Verb.WRITE_PLANS,
        Verb.GIVE_MEASURE,
        Verb.ARRANGE_ABSENCE,
    }
)

ROLE_VERBS: Mapping[str, frozenset[Verb]] = {
    Role.COUNSELOR: _CARE,
    Role.SUPERVISOR: _CARE
    | {
        Verb.ASSIGN_COUNSELOR,
        Verb.DECIDE_SILENCE,
        Verb.MERGE_CLIENTS,
        Verb.TRIAGE_UNKNOWN,
        Verb.REVIEW_CASELOAD,
        Verb.COSIGN_NOTE,
        Verb.VOID_NOTE,
        Verb.IMPORT_CLIENTS,
        Verb.KEEP_WATCH,
    },
    Role.ADMINISTRATOR: frozenset({Verb.MANAGE_STAFF, Verb.MANAGE_PRACTICE, Verb.KEEP_WATCH}),
    Role.AUDITOR: frozenset({Verb.VIEW_CLIENT, Verb.READ_NOTE, Verb.READ_AUDIT, Verb.REVIEW_CASELOAD}),
}


def can(user: Any, verb: Verb) -> bool:
    """Whether the person's role includes the verb. Nobody signed out or switched off can do anything."""
    if not getattr(user, "is_authenticated", False) or not user.is_active:
        return False
    return verb in ROLE_VERBS.get(user.role, frozenset())


def require(user: Any, verb: Verb) -> None:
    """Raise NotAllowed unless `user` can do it. None stands for the system itself, which may."""
    if user is not None and not can(user, verb):
        raise NotAllowed(_("Your role does not include this. Ask your supervisor if you need it."))


def may_see_clients(user: Any) -> bool:
    """Whether the role sees clients at all; which ones is for the querysets to say."""
    return can(user, Verb.VIEW_CLIENT)
