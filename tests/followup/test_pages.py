"""The pages of what follows: what they show, what their buttons do, and whom they stay closed to."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from casework.followup import actions
from casework.followup.checklist import BY_KEY
from casework.followup.models import ContactAttempt, FollowUpPlan, Message, ToDo
from casework.followup.plan_templates import ToDoKind
from casework.relapse.models import RelapseReport
from clients.models import AuditEvent, Client
from tests import factories
from tests.followup.making import first_message, report, sent, texts

pytestmark = pytest.mark.django_db


@pytest.fixture
def now():
    """Pages take their own time."""
    return timezone.now() - timedelta(minutes=1)


def at(name, thing, **more):
    return reverse(f"followup:{name}", kwargs={"uid": thing.uid, **more})


def words(answer):
    return " ".join(answer.content.decode().split())


FORM = {"stage": "physical", "source": "self_session", "route": "unknown", "idempotency_key": "k1"}


# --- reporting -------------------------------------------------------------------------------------------------------
def test_the_report_page_asks_and_promises_nothing_yet(as_dana, alex):
    page = as_dana.get(at("report", alex))
    assert page.status_code == 200
    assert "Choose the stage and who told us" in words(page)
    assert 'name="idempotency_key" value="' in words(page)


def test_each_report_page_has_its_own_key(as_dana, alex):
    keys = {as_dana.get(at("report", alex)).context["form"]["idempotency_key"].value() for _ in range(2)}
    assert len(keys) == 2


def test_the_preview_shows_the_plan_in_the_clients_own_time(as_dana, alex):
    shown = words(as_dana.post(at("report_preview", alex), FORM))
    assert "in Phoenix" in shown
    assert "The work so far still counts" in shown
    assert "Hi Alex, Dana at Oak Street. Glad you told us." in shown
    assert not RelapseReport.objects.exists()


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"source": ""}, "Choose the stage and who told us"),
        ({"source": "collateral"}, "Nothing goes out before you confirm"),
        ({"red_flags": ["seizure"]}, "A red flag was reported"),
        ({"source": "other_provider"}, "Asks whether to talk today"),
    ],
)
def test_the_preview_follows_what_is_typed(as_dana, alex, fields, said):
    assert said in words(as_dana.post(at("report_preview", alex), {**FORM, **fields}))


def test_the_preview_says_when_the_report_would_join_or_replace_a_plan(as_dana, alex, dana, now):
    report(alex, dana, now, stage="mental")
    assert "joins the plan that runs" in words(
        as_dana.post(at("report_preview", alex), {**FORM, "stage": "emotional"})
    )
    assert "is replaced" in words(as_dana.post(at("report_preview", alex), FORM))


def test_the_preview_says_when_messages_become_calls(as_dana, alex, now):
    alex.permissions.all().delete()
    assert "on those days you are asked to call" in words(as_dana.post(at("report_preview", alex), FORM))
    factories.PermissionFactory(client=alex, channel="call", withdrawn_at=now, withdrawn_how="staff")
    assert "neither messages nor calls" in words(as_dana.post(at("report_preview", alex), FORM))


def test_saving_starts_the_plan_and_lands_on_it(as_dana, alex):
    answer = as_dana.post(at("report", alex), FORM, follow=True)
    assert answer.redirect_chain[-1][0] == at("plan", alex)
    assert FollowUpPlan.objects.get().report.by.short_name == "Dana"
    assert "The follow-up plan has started" in words(answer)


def test_pressing_save_twice_makes_one_report(as_dana, alex):
    as_dana.post(at("report", alex), FORM)
    as_dana.post(at("report", alex), FORM)
    assert RelapseReport.objects.count() == FollowUpPlan.objects.count() == 1


def test_a_report_from_others_lands_on_the_client_with_a_talk_to_hold(as_dana, alex):
    answer = as_dana.post(at("report", alex), {**FORM, "source": "collateral"}, follow=True)
    assert "First talk with Alex" in words(answer)
    assert ToDo.objects.get().kind == ToDoKind.TALK


def test_a_declined_report_keeps_what_was_typed(as_dana, alex):
    typed = {**FORM, "use_type": "as_prescribed", "narrative": "took the evening tablet"}
    page = as_dana.post(at("report", alex), typed)
    assert page.status_code == 422
    assert "took the evening tablet" in words(page)
    assert not RelapseReport.objects.exists()


def test_a_death_meanwhile_is_said_on_the_form(as_dana, alex):
    Client.objects.filter(pk=alex.pk).update(state="deceased")
    assert "has died" in words(as_dana.post(at("report", alex), FORM))


def test_confirming_and_taking_back_from_the_plan_page(as_dana, alex, dana, now):
    told = report(alex, dana, now, source="collateral").report
    assert "It is so: start the plan" in words(as_dana.get(at("plan", alex)))
    as_dana.post(at("confirm_report", told))
    assert FollowUpPlan.objects.get().state == "active"
    assert as_dana.post(at("retract_report", told), {"how": "retracted"}).status_code == 200
    answer = as_dana.post(at("retract_report", told), {"how": "retracted", "reason": "A mix-up"}, follow=True)
    assert "Taken back" in words(answer)
    assert FollowUpPlan.objects.get().state == "voided"


def test_confirming_what_was_taken_back_is_declined_in_words(as_dana, alex, dana, now):
    told = report(alex, dana, now, source="collateral").report
    actions.retract_report(report_id=told.pk, reason="no", by=dana, now=now)
    assert "cannot become" in words(as_dana.post(at("confirm_report", told), follow=True))


# --- the plan --------------------------------------------------------------------------------------------------------
def test_the_plan_page_tells_of_every_step(as_dana, alex, dana, now):
    plan = report(alex, dana, now - timedelta(days=3)).plan
    sent(first_message(alex), now - timedelta(days=2))
    message = plan.messages.get(step_key="PHY-D05-MSG")
    Message.objects.filter(pk=message.pk).update(
        status="held",
        reason_code="quiet_hours",
        reason_params={"until": "2031-03-13T16:00:00+00:00", "tz": "America/Phoenix"},
    )
    page = words(as_dana.get(at("plan", alex)))
    assert "Held until Thu 13 Mar, 09:00 in Phoenix (quiet hours)." in page
    assert "1 step behind" in page
    assert "Overdue" in page
    assert page.count("Check-in that asks for an answer</a>") == 5


def test_the_client_page_carries_the_plan(as_dana, alex, dana, now):
    report(alex, dana, now)
    page = words(as_dana.get(reverse("desk:client", kwargs={"uid": alex.uid})))
    assert "The whole plan" in page
    assert "Talk with the client" in page


def test_without_a_plan_the_page_says_how_one_starts(as_dana, alex):
    assert "A plan starts when a relapse is reported" in words(as_dana.get(at("plan", alex)))


def test_earlier_plans_stay_visible(as_dana, alex, dana, now):
    report(alex, dana, now - timedelta(days=2))
    report(alex, dana, now)
    assert "Replaced by a newer plan" in words(as_dana.get(at("plan", alex)))


def test_an_auditor_reads_the_plan_without_buttons(browser, audrey, alex, dana, now):
    report(alex, dana, now)
    browser.force_login(audrey)
    page = words(browser.get(at("plan", alex)))
    assert "Talk with the client" in page
    assert "Log contact" not in page
    assert "Take back" not in page


# --- to-dos ----------------------------------------------------------------------------------------------------------
def test_one_click_does_a_to_do_and_another_takes_it_back(as_dana, alex, dana, now):
    todo = report(alex, dana, now).plan.todos.get(kind=ToDoKind.VISIT)
    here = at("plan", alex)
    answer = as_dana.post(at("complete_todo", todo), headers={"referer": f"http://testserver{here}"})
    assert answer.url.endswith(here)
    todo.refresh_from_db()
    assert todo.state == "done"
    assert "Undo" in words(as_dana.get(at("todo", todo)))
    as_dana.post(at("reopen_todo", todo))
    todo.refresh_from_db()
    assert todo.is_open


def test_the_way_back_never_leads_elsewhere(as_dana, alex, dana, now):
    todo = report(alex, dana, now).plan.todos.get(kind=ToDoKind.VISIT)
    answer = as_dana.post(at("complete_todo", todo), {"next": "https://elsewhere.example/"})
    assert answer.url == reverse("desk:client", kwargs={"uid": alex.uid})


def test_a_tick_where_an_act_is_needed_leads_to_the_act(as_dana, alex, dana, now):
    todo = report(alex, dana, now).plan.todos.get(kind=ToDoKind.FIRST_CONTACT)
    answer = as_dana.post(at("complete_todo", todo))
    assert answer.status_code == 422
    assert "Log the contact" in words(answer)
    assert at("log_contact", alex) in words(answer)


# --- contacts --------------------------------------------------------------------------------------------------------
def test_logging_a_talk_leads_to_the_checklist(as_dana, alex, dana, now):
    todo = report(alex, dana, now).plan.todos.get(kind=ToDoKind.FIRST_CONTACT)
    address = f"{at('log_contact', alex)}?todo={todo.uid}"
    page = words(as_dana.get(address))
    assert "Talk with the client" in page
    assert 'href="tel:+1602' in page
    answer = as_dana.post(address, {"channel": "phone", "outcome": "reached", "idempotency_key": "c1"})
    assert answer.url == at("checklist", alex)
    attempt = ContactAttempt.objects.get()
    assert (attempt.todo, attempt.by) == (todo, dana)


def test_a_voicemail_is_said_to_be_an_attempt(as_dana, alex, dana, now):
    report(alex, dana, now)
    answer = as_dana.post(at("log_contact", alex), {"channel": "phone", "outcome": "voicemail"}, follow=True)
    assert "Logged as an attempt" in words(answer)


def test_a_talk_without_a_checklist_to_fill_lands_on_the_client(as_dana, alex):
    answer = as_dana.post(at("log_contact", alex), {"channel": "in_person", "outcome": "reached"})
    assert answer.url == reverse("desk:client", kwargs={"uid": alex.uid})


def test_a_to_do_of_another_client_is_not_taken_for_this_one(as_dana, alex, dana, team, now):
    other = report(factories.client_of(dana, team=team), dana, now).plan.todos.first()
    for wrong in (other.uid, "nonsense"):
        assert as_dana.get(f"{at('log_contact', alex)}?todo={wrong}").context["todo"] is None


def test_the_checklist_page_saves_and_tells_the_tier(as_dana, alex, dana, now):
    report(alex, dana, now)
    assert "no advice on doses" in words(as_dana.get(at("checklist", alex)))
    answers = {**dict.fromkeys(BY_KEY, "no"), "alone": "yes"}
    assert as_dana.post(at("checklist", alex), {**answers, "alone": ""}).status_code == 200
    answer = as_dana.post(at("checklist", alex), answers, follow=True)
    assert "Risk tier: amber" in words(answer)


# --- the inbox -------------------------------------------------------------------------------------------------------
def test_the_inbox_pins_the_crisis_then_what_is_unread(as_dana, alex, dana, team, now):
    kim = factories.client_of(dana, team=team, given_name="Kim")
    lee = factories.client_of(dana, team=team, given_name="Lee")
    texts(lee, "I want to die", now - timedelta(hours=3))
    texts(alex, "1", now - timedelta(hours=2))
    read = texts(kim, "hello", now - timedelta(hours=1))
    actions.mark_answer_read(inbound_id=read.pk, by=dana, now=now)
    page = as_dana.get(reverse("followup:inbox"))
    assert [row.client for row in page.context["rows"]] == [lee, alex, kim]
    assert AuditEvent.objects.filter(verb="list.viewed", detail__list="inbox").exists()


@pytest.mark.parametrize(("show", "count"), [("open", 1), ("crisis", 0), ("all", 2), ("nonsense", 1)])
def test_the_inbox_can_be_filtered(as_dana, alex, dana, now, show, count):
    done = texts(alex, "1", now)
    actions.mark_handled(inbound_id=done.pk, by=dana, now=now)
    texts(alex, "hello", now)
    page = as_dana.get(reverse("followup:inbox"), {"show": show})
    assert len(page.context["rows"]) == count


def test_an_empty_inbox_says_why(as_dana):
    assert "stands here until somebody has read it" in words(as_dana.get(reverse("followup:inbox")))


def test_reading_and_handling_by_buttons(as_dana, alex, now):
    inbound = texts(alex, "Who is this?", now)
    as_dana.post(at("answer_read", inbound))
    as_dana.post(at("answer_handled", inbound))
    inbound.refresh_from_db()
    assert inbound.read_at
    assert inbound.handled_at


def test_a_crisis_cannot_be_handled_by_a_button(as_dana, alex, now):
    inbound = texts(alex, "I want to die", now)
    answer = as_dana.post(at("answer_handled", inbound), follow=True)
    assert "Clear the crisis first" in words(answer)


def test_the_thread_shows_both_sides_in_order(as_dana, alex, dana, now):
    report(alex, dana, now - timedelta(days=2))
    message = first_message(alex)
    message.body = "Hi Alex, how is this week going?"
    sent(message, now - timedelta(days=1))
    texts(alex, "It is going", now)
    page = words(as_dana.get(at("thread", alex)))
    assert page.index("how is this week going?") < page.index("It is going")
    assert AuditEvent.objects.filter(verb="record.viewed", client_id=alex.pk).exists()


def test_a_to_do_out_of_a_message(as_dana, alex, now):
    inbound = texts(alex, "Could you ask about the bus pass", now)
    assert "bus pass" in words(as_dana.get(at("answer_todo", inbound)))
    as_dana.post(
        at("answer_todo", inbound), {"title": "Ask about the bus pass", "due_at": "2031-01-02T12:00"}
    )
    todo = ToDo.objects.get(kind=ToDoKind.OTHER)
    assert (todo.inbound, todo.title) == (inbound, "Ask about the bus pass")


def test_unknown_numbers_are_looked_through_by_supervisors_only(browser, as_dana, sam, alex, now):
    inbound = texts(alex, "hola", now, address="+15550008888")
    unknown = reverse("followup:unknown_senders")
    assert unknown not in words(as_dana.get(reverse("followup:inbox")))
    assert as_dana.post(at("answer_handled", inbound)).status_code == 404
    browser.force_login(sam)
    assert unknown in words(browser.get(reverse("followup:inbox")))
    for act in ("answer_todo", "answer_handled", "answer_read"):  # they have a page and acts of their own
        assert browser.post(at(act, inbound)).status_code == 404


# --- one message -----------------------------------------------------------------------------------------------------
def test_a_message_tells_its_life(as_dana, alex, dana, now):
    report(alex, dana, now - timedelta(days=2))
    message = sent(first_message(alex), now - timedelta(hours=5))
    message.attempts.create(
        n=1,
        fence=1,
        channel="sms",
        provider="sandbox",
        recipient="x",
        started_at=now - timedelta(hours=5),
        outcome="accepted",
        settled_at=now,
    )
    texts(alex, "2", now)
    page = words(as_dana.get(at("message", message)))
    for word in (
        "Planned",
        "Attempt 1: Texts through the sandbox",
        "Accepted by the carrier",
        "Delivered",
        "Alex answered",
        "Please call",
    ):
        assert word in page


def test_a_cancelled_message_says_why(as_dana, alex, dana, now):
    report(alex, dana, now)
    actions.withdraw_permission(client_id=alex.pk, channel="text", by=dana, now=now)
    assert "the client withdrew texting on" in words(as_dana.get(at("message", first_message(alex))))


# --- endings ---------------------------------------------------------------------------------------------------------
def test_a_discharge_names_what_will_happen_first(as_dana, alex, dana, now):
    report(alex, dana, now)
    page = words(as_dana.get(at("discharge", alex)))
    assert "11 messages that wait are cancelled" in page
    answer = as_dana.post(
        at("discharge", alex),
        {"reason": "completed", "on": str(timezone.localdate(now, alex.zone))},
        follow=True,
    )
    assert "Alex is discharged" in words(answer)
    assert Client.objects.get().state == "discharged"


def test_a_death_is_recorded_with_care(as_dana, alex, dana, now):
    report(alex, dana, now)
    assert "Nothing is ever sent again" in words(as_dana.get(at("death", alex)))
    answer = as_dana.post(at("death", alex), {"on": str((now - timedelta(days=1)).date())}, follow=True)
    assert "Nothing goes out to Alex any more" in words(answer)


def test_a_date_in_the_future_stands_beside_its_field(as_dana, alex, now):
    for page, extra in (("death", {}), ("discharge", {"reason": "completed"})):
        answer = as_dana.post(at(page, alex), {"on": str((now + timedelta(days=3)).date()), **extra})
        assert "lies in the future" in words(answer)
    assert Client.objects.get().state == "active"


@pytest.mark.parametrize(
    ("channel", "said"),
    [
        ("text", "asked to call on those days"),
        ("call", "ask for a call are closed"),
        ("messages", "other steps stay"),
    ],
)
def test_withdrawing_names_what_will_happen(as_dana, alex, dana, now, channel, said):
    report(alex, dana, now)
    assert said in words(as_dana.get(at("withdraw_permission", alex, channel=channel)))
    as_dana.post(at("withdraw_permission", alex, channel=channel))
    expected = {"text": 0, "call": 1, "messages": 0}[channel]
    assert alex.permissions.in_force(timezone.now()).filter(channel="text").count() == expected


def test_a_channel_that_does_not_exist_is_not_found(as_dana, alex):
    assert as_dana.get(at("withdraw_permission", alex, channel="pigeon")).status_code == 404


# --- closed doors ----------------------------------------------------------------------------------------------------
OF_A_CLIENT = ["report", "plan", "checklist", "log_contact", "discharge", "death", "thread"]


@pytest.mark.parametrize("name", OF_A_CLIENT)
def test_a_stranger_finds_nothing_and_leaves_a_trace(browser, robin, alex, name):
    browser.force_login(robin)
    assert browser.get(at(name, alex)).status_code == 404
    assert AuditEvent.objects.filter(verb="access.refused", actor_id=robin.pk).exists()


@pytest.mark.parametrize("name", OF_A_CLIENT)
def test_an_administrator_is_turned_away(browser, ada, alex, name):
    browser.force_login(ada)
    assert browser.get(at(name, alex)).status_code == 403


def test_a_stranger_touches_no_to_do_message_answer_or_report(browser, robin, alex, dana, now):
    done = report(alex, dana, now, source="collateral")
    other = report(alex, dana, now)
    inbound = texts(alex, "hello", now)
    browser.force_login(robin)
    asked = [
        ("complete_todo", done.todo),
        ("reopen_todo", done.todo),
        ("answer_read", inbound),
        ("answer_handled", inbound),
        ("confirm_report", done.report),
        ("retract_report", other.report),
        ("report_preview", alex),
    ]
    assert [browser.post(at(name, thing)).status_code for name, thing in asked] == [404] * len(asked)
    assert browser.get(at("message", first_message(alex))).status_code == 404
    assert browser.get(at("todo", done.todo)).status_code == 404
    inbound.refresh_from_db()
    assert inbound.read_at is None


@pytest.mark.parametrize("name", ["complete_todo", "reopen_todo"])
def test_what_changes_something_is_not_done_by_a_link(as_dana, alex, dana, now, name):
    todo = report(alex, dana, now).plan.todos.first()
    assert as_dana.get(at(name, todo)).status_code == 405
