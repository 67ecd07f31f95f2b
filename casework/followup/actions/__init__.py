"""What follows from what happens: every act here reaches further than one room, and does so in one transaction."""

from casework.followup.actions.answers import mark_answer_read, mark_handled, mark_thread_read
from casework.followup.actions.checklist import complete_checklist
from casework.followup.actions.contacts import (
    contact_made,
    log_contact,
    reply_answered,
)
from casework.followup.actions.crisis_words import add_crisis_word, review_crisis_word, switch_crisis_word
from casework.followup.actions.deciding import decide_rung, mark_letter_sent
from casework.followup.actions.emergencies import acknowledge_todo, dismiss_alarm, record_emergency
from casework.followup.actions.endings import discharge, record_death, withdraw_permission
from casework.followup.actions.pausing import pause_client, resume_client
from casework.followup.actions.reports import Reported, confirm_report, report_relapse, retract_report
from casework.followup.actions.texting import send_text
from casework.followup.actions.todos import add_todo, complete_todo, reopen_todo
from casework.followup.actions.triage import dismiss_unknown, link_unknown, read_unknown
from casework.followup.actions.wording import release_text, review_text
from casework.followup.contact_points import mark_contact, retire_contact_point, review_shared

__all__ = [
    "Reported",
    "acknowledge_todo",
    "add_crisis_word",
    "add_todo",
    "complete_checklist",
    "complete_todo",
    "confirm_report",
    "contact_made",
    "decide_rung",
    "discharge",
    "dismiss_alarm",
    "dismiss_unknown",
    "link_unknown",
    "log_contact",
    "mark_answer_read",
    "mark_contact",
    "mark_handled",
    "mark_letter_sent",
    "mark_thread_read",
    "pause_client",
    "read_unknown",
    "record_death",
    "record_emergency",
    "release_text",
    "reopen_todo",
    "reply_answered",
    "report_relapse",
    "resume_client",
    "retire_contact_point",
    "retract_report",
    "review_crisis_word",
    "review_shared",
    "review_text",
    "send_text",
    "switch_crisis_word",
    "withdraw_permission",
]
