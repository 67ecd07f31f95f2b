"""Who may open which address. A route that is not in here fails the test beside this file.

Each line of ROUTES: the route's name, the kind of door it is, and which of Alex's records stands in its address.
"""

from dataclasses import dataclass
from enum import StrEnum


class Answer(StrEnum):
    """What somebody gets who knocks."""

    IN = "in"  # shown, done, or asked to correct what was sent
    SIGN_IN = "sign in"  # a redirect to the sign-in page, or 401 from the API
    NOT_FOUND = "404"
    NOT_ALLOWED = "403"
    OUT = "404 or 403"  # which of the two depends on whether the role or the record is asked about first
    DECLINED = "told why not"  # sees the record, may not do this with it


IN, SI, NF, NA, OUT, TOLD = (
    Answer.IN,
    Answer.SIGN_IN,
    Answer.NOT_FOUND,
    Answer.NOT_ALLOWED,
    Answer.OUT,
    Answer.DECLINED,
)


@dataclass(frozen=True)
class Door:
    """What each of the cast gets. Dana is Alex's counselor, Robin a stranger, Sam Dana's supervisor, Ada the
    administrator, Audrey the auditor."""

    nobody: Answer
    dana: Answer
    robin: Answer
    sam: Answer
    ada: Answer
    audrey: Answer


OPEN = Door(nobody=IN, dana=IN, robin=IN, sam=IN, ada=IN, audrey=IN)
SIGNED_IN = Door(nobody=SI, dana=IN, robin=IN, sam=IN, ada=IN, audrey=IN)
# A client's records, to look at.
LOOK = Door(nobody=SI, dana=IN, robin=NF, sam=IN, ada=OUT, audrey=IN)
# A client's records, to act on: the auditor reads only.
ACT = Door(nobody=SI, dana=IN, robin=NF, sam=IN, ada=OUT, audrey=NA)
# What only the session's own counselor, or the note's author, can do.
OWN = Door(nobody=SI, dana=IN, robin=NF, sam=TOLD, ada=OUT, audrey=TOLD)
SUPERVISE = Door(nobody=SI, dana=NA, robin=OUT, sam=IN, ada=OUT, audrey=NA)
REVIEW = Door(nobody=SI, dana=NA, robin=NA, sam=IN, ada=NA, audrey=IN)
# A signature or a secret opens it, whoever is signed in.
SHUT = Door(nobody=OUT, dana=OUT, robin=OUT, sam=OUT, ada=OUT, audrey=OUT)
# Lists and forms that name no client in their address.
CARE = Door(nobody=SI, dana=IN, robin=IN, sam=IN, ada=NA, audrey=NA)
READ = Door(nobody=SI, dana=IN, robin=IN, sam=IN, ada=NA, audrey=IN)

# What supervisors alone look through, and what they keep together with the administrator.
TRIAGE = Door(nobody=SI, dana=NA, robin=NA, sam=IN, ada=NA, audrey=NA)
WATCH = Door(nobody=SI, dana=NA, robin=NA, sam=IN, ada=IN, audrey=NA)

ROUTES: dict[str, tuple[Door, dict[str, str]]] = {}


def _add(door: Door, names: str, **address: str) -> None:
    ROUTES.update(dict.fromkeys(names.split(), (door, address)))


# --- signing in, and one's own account ---
_add(
    OPEN,
    "account_login account_logout account_inactive account_signup account_email_verification_sent "
    "account_reset_password account_reset_password_done account_reset_password_from_key_done set_language "
    "account_confirm_login_code mfa_authenticate",
)
_add(OPEN, "account_confirm_email", key="nothing")
_add(OPEN, "account_reset_password_from_key", uidb36="1", key="nothing")
_add(
    SIGNED_IN,
    "account_email account_change_password account_set_password mfa_index "
    "mfa_activate_totp mfa_list_webauthn mfa_add_webauthn mfa_generate_recovery_codes",
)
# These are only there for somebody who has a password, or has switched a second factor on; the cast has not.
KEYLESS = Door(nobody=SI, dana=TOLD, robin=TOLD, sam=TOLD, ada=TOLD, audrey=TOLD)
_add(
    KEYLESS,
    "account_reauthenticate mfa_reauthenticate mfa_reauthenticate_webauthn mfa_deactivate_totp "
    "mfa_view_recovery_codes mfa_download_recovery_codes",
)
_add(KEYLESS, "mfa_remove_webauthn mfa_edit_webauthn", pk="1")

# --- the record ---
_add(CARE, "clients:new")
_add(
    ACT,
    "clients:edit clients:contact_new clients:permission_new clients:substances clients:admit",
    uid="client",
)
_add(ACT, "clients:substance clients:substance_remove", uid="client", key="substance")
_add(SUPERVISE, "clients:team clients:cover", uid="client")
_add(ACT, "clients:emergency_contact_new", uid="client")
_add(ACT, "clients:emergency_contact", uid="friend", what="retired")
_add(SUPERVISE, "clients:end_cover", uid="place")

# Behind a link that only its holder knows; everybody else meets a page that tells nothing.
_add(SHUT, "clients:link", token="nothing")

# --- sessions and notes ---
_add(READ, "counseling:list counseling:calendar")
_add(CARE, "counseling:plan counseling:feed counseling:revoke_feed")
_add(Door(nobody=NF, dana=NF, robin=NF, sam=NF, ada=NF, audrey=NF), "counseling:ics", secret="none")
_add(WATCH, "counseling:rooms")
_add(WATCH, "counseling:retire_room", uid="room")
_add(LOOK, "counseling:series", uid="series")
_add(
    ACT,
    "counseling:change_series counseling:end_series followup:change_series followup:end_series",
    uid="series",
)
_add(ACT, "counseling:new", uid="client")
_add(LOOK, "counseling:session", uid="session")
_add(ACT, "counseling:move counseling:cancel counseling:outcome", uid="session")
_add(OWN, "counseling:start", uid="session")
_add(OWN, "counseling:save_note counseling:sign", uid="held")
_add(LOOK, "counseling:note", uid="note")
_add(ACT, "counseling:add_addendum", uid="note")
_add(CARE, "counseling:my_notes counseling:sign_several counseling:snippets counseling:phrase_new")
_add(CARE, "counseling:template_new", format="dap")
_add(TRIAGE, "counseling:cosign_queue")
_add(SUPERVISE, "counseling:cosign counseling:return_note counseling:void", uid="note")
_add(SUPERVISE, "counseling:cosign_addendum", uid="addendum")
_add(SUPERVISE, "counseling:author_unavailable", uid="orphan")
_add(OWN, "counseling:write_anew", uid="note")
_add(OWN, "counseling:delete_draft counseling:restore_draft", uid="draft")
# One's own and nobody else's: phrases, and counseling notes (clinical.md §6.3 REQ-09).
MINE = Door(nobody=SI, dana=IN, robin=NF, sam=NF, ada=NA, audrey=NA)
_add(MINE, "counseling:snippet counseling:snippet_remove", uid="snippet")
_add(ACT, "counseling:counseling_notes", uid="client")
_add(
    MINE,
    "counseling:counseling_note counseling:save_counseling_note counseling:remove_counseling_note",
    uid="own",
)

# --- groups: whoever leads one or supervises that, and the auditor to read ---
_add(READ, "counseling:groups")
_add(CARE, "counseling:new_group")
_add(LOOK, "counseling:group", uid="group")
_add(
    ACT,
    "counseling:edit_group counseling:take_up_group counseling:group_topics followup:plan_meetings "
    "followup:add_member followup:hand_over_group followup:end_group",
    uid="group",
)
_add(LOOK, "counseling:client_groups", uid="client")
_add(ACT, "followup:join_group", uid="client")
_add(ACT, "followup:leave_group", uid="membership")
_add(LOOK, "counseling:meeting", uid="meeting")
_add(
    ACT,
    "counseling:meeting_topic followup:move_meeting followup:cancel_meeting followup:mark_attendance "
    "followup:mark_rest followup:close_meeting",
    uid="meeting",
)
_add(OWN, "counseling:meeting_note counseling:save_meeting_note", uid="meeting_held")
_add(OWN, "counseling:save_part", uid="session_of_group")

_add(LOOK, "counseling:treatment counseling:treatment_history", uid="client")
_add(ACT, "counseling:review_treatment counseling:end_treatment", uid="treatment")
_add(LOOK, "counseling:goal", uid="goal")
_add(LOOK, "counseling:goal_step", uid="goal_step")
_add(READ, "counseling:treatment_reviews")

# --- stages ---
_add(ACT, "relapse:suggest relapse:draft", uid="client")
_add(LOOK, "relapse:assessment", uid="assessment")
_add(LOOK, "relapse:learned followup:use_calendar", uid="client")
_add(ACT, "followup:mark_days", uid="client")
_add(ACT, "followup:withdraw_mark", uid="day")
_add(ACT, "relapse:review_draft followup:review", uid="report")
_add(ACT, "followup:todo_review", uid="look_back")
_add(LOOK, "relapse:review", uid="review")
_add(LOOK, "relapse:prevention_plan relapse:care_plans", uid="client")
_add(ACT, "relapse:prevention_begin", uid="client")
_add(ACT, "followup:send_plan api:client-send-plan", uid="client")
_add(LOOK, "followup:visit_reminder", uid="session")
_add(LOOK, "relapse:prevention_version", uid="prevention")
_add(LOOK, "relapse:prevention_paper", uid="prevention", language="en")
_add(
    ACT,
    "relapse:prevention_edit relapse:prevention_sign relapse:prevention_set_aside",
    uid="prevention_draft",
)

# --- measures ---
_add(LOOK, "desk:measures desk:measures_in_brief", uid="client")
_add(LOOK, "desk:measure", uid="result")
_add(ACT, "followup:give_measure", uid="client", measure="gad7")
_add(ACT, "followup:send_measures", uid="client")
_add(ACT, "followup:void_measure", uid="result")
_add(ACT, "followup:withdraw_measures", uid="measure_request")
_add(SHUT, "followup:link_measure", token="nothing")
_add(SIGNED_IN, "api:measure-list api:measure-result-list api:measure-request-list")
_add(LOOK, "api:measure-result-detail", uid="result")
_add(ACT, "api:measure-result-void", uid="result")
_add(LOOK, "api:measure-request-detail", uid="measure_request")

# --- what happens next ---
_add(
    ACT,
    "followup:assess followup:report followup:report_preview followup:checklist followup:checklist_tier "
    "followup:log_contact "
    "followup:pause followup:resume followup:discharge followup:death followup:schedule_session",
    uid="client",
)
_add(LOOK, "followup:plan followup:plan_steps", uid="client")
_add(ACT, "followup:guardian_new followup:consent_rechecked", uid="client")
_add(SUPERVISE, "api:client-transfer", uid="client")
_add(ACT, "followup:guardian_end", uid="guardian")
_add(SUPERVISE, "followup:transfer followup:merge_choose", uid="client")
_add(SUPERVISE, "followup:merge", uid="client", other="twin")
_add(SUPERVISE, "followup:undo_merge", uid="merge")
_add(Door(nobody=SI, dana=NA, robin=NA, sam=IN, ada=NA, audrey=NA), "followup:duplicates")
_add(ACT, "followup:contact_shared_reviewed followup:contact_retire", uid="contact")
_add(ACT, "followup:contact_state", uid="contact", state="verified")
_add(ACT, "followup:withdraw_permission", uid="client", channel="text")
_add(ACT, "followup:confirm_report followup:retract_report", uid="report")
_add(ACT, "followup:assessment_error", uid="assessment")
_add(LOOK, "followup:todo", uid="todo")
_add(ACT, "followup:complete_todo followup:reopen_todo", uid="todo")
_add(ACT, "followup:acknowledge_todo followup:emergency_record followup:dismiss_alarm", uid="emergency")
_add(SUPERVISE, "followup:decide", uid="decision")
_add(LOOK, "followup:letter", uid="letter")
_add(ACT, "followup:letter_sent", uid="letter")
_add(CARE, "followup:inbox")
_add(TRIAGE, "followup:unknown_senders")
_add(TRIAGE, "followup:unknown_read followup:unknown_link followup:unknown_dismiss", uid="unknown")
_add(WATCH, "clients:hours clients:closure_new clients:duty_new followup:practice followup:crisis_words")
_add(WATCH, "clients:closure_remove clients:duty_end", uid="client")  # what is gone already changes nothing
_add(WATCH, "followup:crisis_reply")
_add(WATCH, "followup:crisis_word_off followup:crisis_word_on followup:crisis_word_reviewed", uid="word")
_add(
    ACT,
    "followup:thread followup:thread_part followup:thread_older followup:thread_read followup:write followup:count",
    uid="client",
)
_add(ACT, "followup:answer_read followup:answer_handled followup:answer_todo", uid="inbound")
_add(LOOK, "followup:message", uid="message")
_add(READ, "followup:outlook")
_add(REVIEW, "followup:alarm")
_add(ACT, "followup:reschedule_session followup:cancel_session followup:close_session", uid="session")

_add(ACT, "followup:add_message_step followup:add_todo_step", uid="client")
_add(ACT, "followup:plan_step followup:drop_step", uid="client", key="MEN-D30-MSG")
# What Turnaround says to clients is worded by the administrator.
WORD = Door(nobody=SI, dana=NA, robin=NA, sam=NA, ada=IN, audrey=NA)
_add(WORD, "followup:texts followup:plan_templates")
_add(WORD, "followup:plan_template_begin", stage="physical")
_add(
    WORD,
    "followup:plan_template followup:plan_template_times followup:plan_template_release "
    "followup:plan_template_discard followup:plan_template_add_message followup:plan_template_add_todo",
    uid="template",
)
_add(WORD, "followup:plan_template_step followup:plan_template_drop", uid="template", key="D30-MSG")
_add(
    WORD,
    "followup:text_edit followup:text_preview followup:text_review",
    channel="sms",
    language="en",
    key="checkin.1",
)

# Signs of life for machines, and doors that a signature guards.
_add(OPEN, "followup:healthz followup:readyz followup:healthz_followup")
_add(SHUT, "followup:metrics")
_add(SHUT, "followup:link_plan followup:link_plan_paper", token="nothing")
_add(SHUT, "followup:hook_inbound", provider="sms")
_add(SHUT, "followup:hook_status", provider="sms", attempt="client")

# --- the desk and the caseload ---
_add(SIGNED_IN, "desk:today desk:help")
_add(READ, "desk:clients desk:search")
_add(LOOK, "desk:client", uid="client")
_add(REVIEW, "supervision:caseload supervision:silent")

# --- away and covered: one's own, and those of the people whom one supervises ---
_add(CARE, "staff:absences staff:absence_new")
_add(ACT, "staff:absence_cover staff:absence_end", uid="absence")

# --- the second door ---
_add(SIGNED_IN, "api:schema api:docs api:substance-list")
_add(SIGNED_IN, "api:substance-detail", key="substance")
_add(Door(nobody=SI, dana=NF, robin=NF, sam=NF, ada=NF, audrey=NF), "api:missing", rest="nowhere/")
# A team is found only by those who belong to it; here Robin and Ada belong to others.
_add(Door(nobody=SI, dana=IN, robin=NF, sam=IN, ada=NF, audrey=NF), "api:team-detail", uid="team")
_add(
    SIGNED_IN,
    "api:client-list api:team-list api:session-list api:series-list api:note-list api:assessment-list "
    "api:group-list api:membership-list api:meeting-list "
    "api:report-list api:plan-list "
    "api:message-list api:todo-list api:contact-list api:answer-list api:day-list api:day-calendar api:review-list",
)
_add(
    LOOK,
    "api:client-detail api:client-care-team api:client-contact-points api:client-episodes api:client-permissions "
    "api:client-substances",
    uid="client",
)
_add(ACT, "api:thread-detail api:thread-texts", uid="client")
_add(ACT, "api:client-withdraw-permission api:client-pause api:client-resume", uid="client")
_add(ACT, "api:day-withdraw", uid="day")
for _kind in ("session", "note", "assessment", "report", "plan", "message", "todo", "day", "review"):
    _add(LOOK, f"api:{_kind}-detail", uid=_kind)
_add(LOOK, "api:message-attempts", uid="message")
_add(LOOK, "api:plan-changes", uid="plan")
_add(ACT, "api:plan-message-steps api:plan-todo-steps api:plan-move-step api:plan-drop-step", uid="plan")
_add(LOOK, "api:contact-detail", uid="attempt")
_add(LOOK, "api:answer-detail", uid="inbound")
_add(ACT, "api:session-cancel api:session-close api:session-move", uid="session")
_add(LOOK, "api:session-changes", uid="session")
_add(LOOK, "api:group-detail", uid="group")
_add(ACT, "api:group-topics api:group-join api:group-meetings api:group-end", uid="group")
_add(LOOK, "api:membership-detail", uid="membership")
_add(ACT, "api:membership-leave", uid="membership")
_add(LOOK, "api:meeting-detail api:meeting-attendance", uid="meeting")
_add(ACT, "api:meeting-move api:meeting-cancel api:meeting-mark api:meeting-close", uid="meeting")
_add(OWN, "api:meeting-note api:meeting-save-note api:meeting-file-note", uid="meeting_held")
_add(LOOK, "api:series-detail", uid="series")
_add(ACT, "api:series-change api:series-end", uid="series")
_add(SIGNED_IN, "api:room-list")
_add(Door(nobody=SI, dana=IN, robin=IN, sam=IN, ada=NF, audrey=IN), "api:room-detail", uid="room")
_add(OWN, "api:session-start", uid="session")
_add(OWN, "api:note-sign", uid="draft")
_add(ACT, "api:note-addenda", uid="note")
_add(SUPERVISE, "api:note-cosign api:note-return api:note-void", uid="note")
_add(ACT, "api:report-confirm api:report-retract", uid="report")
_add(ACT, "api:todo-complete api:todo-reopen", uid="todo")
_add(ACT, "api:todo-acknowledge api:todo-dismiss api:todo-record", uid="emergency")
_add(ACT, "api:answer-read api:answer-handled", uid="inbound")
_add(SIGNED_IN, "api:prevention-plan-list api:treatment-plan-list api:goal-list")
_add(LOOK, "api:prevention-plan-detail", uid="prevention")
_add(
    ACT,
    "api:prevention-plan-save api:prevention-plan-sign api:prevention-plan-set-aside",
    uid="prevention_draft",
)
_add(LOOK, "api:treatment-plan-detail", uid="treatment")
_add(ACT, "api:treatment-plan-review api:treatment-plan-end", uid="treatment")
_add(LOOK, "api:goal-detail", uid="goal")
_add(ACT, "api:goal-steps api:goal-reword api:goal-review api:goal-move", uid="goal")
_add(LOOK, "api:goal-step-detail", uid="goal_step")
_add(ACT, "api:goal-step-reword api:goal-step-review api:goal-step-move", uid="goal_step")
_add(SIGNED_IN, "api:rung-list api:absence-list")
_add(LOOK, "api:rung-detail", uid="rung")
_add(SUPERVISE, "api:rung-decide", uid="rung")
_add(Door(nobody=SI, dana=IN, robin=NF, sam=IN, ada=NF, audrey=NF), "api:absence-detail", uid="absence")
_add(ACT, "api:absence-cover api:absence-end", uid="absence")
