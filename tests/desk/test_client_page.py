"""The page of one client, as those who may see it open it."""

import re
from datetime import date, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from casework.followup.actions.assessment import finalise_assessment
from casework.followup.actions.reports import report_relapse
from casework.relapse.actions.assessing import Sheet
from clients import actions, lower
from clients.models import AuditEvent, Client, ClientSummary, Substance
from tests import factories
from tests.desk.conftest import answer, todo
from tests.relapse.conftest import answers
from tests.sessions.conftest import booked, held, signed

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("frozen")]

DAY = timedelta(days=1)


def address(client, query=""):
    return f"/clients/{client.uid}/{query}"


def page(browser, user, client, query=""):
    browser.force_login(user)
    return re.sub(r"\s+", " ", browser.get(address(client, query)).content.decode())


def reported(client, by, now, stage="physical"):
    return report_relapse(client_id=client.pk, stage=stage, source="self_call", by=by, now=now)


# --- who may come in ---
def test_opening_the_page_is_audited_as_a_look_at_the_record(browser, dana, alex):
    page(browser, dana, alex)
    row = AuditEvent.objects.get(verb="record.viewed")
    assert (row.actor_id, row.client_id, row.target_type) == (dana.pk, alex.pk, "clients.Client")


def test_a_stranger_gets_404_and_leaves_a_row(browser, robin, alex):
    browser.force_login(robin)
    assert browser.get(address(alex)).status_code == 404
    assert AuditEvent.objects.get(verb="access.refused").actor_id == robin.pk


def test_the_administrator_does_not_come_in(browser, ada, alex):
    browser.force_login(ada)
    assert browser.get(address(alex)).status_code == 403


def test_nothing_is_written_by_looking_but_the_trail(browser, dana, alex):
    browser.force_login(dana)
    browser.get(address(alex))
    with CaptureQueriesContext(connection) as queries:
        browser.get(address(alex))
    writes = [one["sql"] for one in queries if re.match(r"(INSERT|UPDATE|DELETE)", one["sql"])]
    assert all(sql.startswith('INSERT INTO "clients_auditevent"') for sql in writes)


def test_the_page_cannot_be_posted_to(browser, dana, alex):
    browser.force_login(dana)
    assert browser.post(address(alex)).status_code == 405


# --- who, and the stage now ---
def test_it_says_who_and_what_time_it_is_there(browser, dana, alex):
    Client.objects.filter(pk=alex.pk).update(chosen_name="Lex", pronouns="they/them")
    shown = page(browser, dana, alex)
    assert "<h1>Lex Moreno</h1>" in shown
    assert "they/them" in shown
    assert "08:00 in Phoenix" in shown


def test_the_time_is_not_told_twice_for_who_lives_here(browser, dana, alex):
    Client.objects.filter(pk=alex.pk).update(time_zone="America/New_York")
    assert "there it is" not in page(browser, dana, alex)


def test_the_stage_says_how_it_moved(browser, dana, alex, now):
    ClientSummary.objects.filter(client=alex).update(
        stage="mental", stage_before="emotional", stage_since=now - 3 * DAY
    )
    shown = page(browser, dana, alex)
    assert "stage-mental" in shown
    assert "up from emotional" in shown
    assert "3 days ago" in shown


def test_a_client_not_assessed_yet_is_called_so(browser, dana, alex):
    shown = page(browser, dana, alex)
    assert "Not assessed" in shown
    assert "Never seen yet" in shown


# --- what one can do ---
def test_the_one_primary_action_is_to_report_a_relapse(browser, dana, alex):
    shown = page(browser, dana, alex)
    assert f'class="button primary" href="/clients/{alex.uid}/report/"' in shown
    assert shown.count("button primary") == 1
    for path in ("assess", "contact", "sessions/new"):
        assert f'href="/clients/{alex.uid}/{path}/"' in shown


def test_a_note_is_offered_where_a_session_waits_for_one(browser, dana, alex, now):
    assert 'data-key="n"' not in page(browser, dana, alex)
    session = held(alex, dana, ended_at=now - DAY)
    assert f'href="/sessions/{session.uid}/" data-key="n"' in page(browser, dana, alex)
    signed(session, now=now)
    assert 'data-key="n"' not in page(browser, dana, alex)


def test_the_auditor_reads_and_is_offered_nothing_to_do(browser, audrey, alex):
    shown = page(browser, audrey, alex)
    assert "Alex Moreno" in shown
    for word in ("Report a relapse", "Log contact", "Withdraw", "Add a substance", "Discharge"):
        assert word not in shown


def test_nothing_is_offered_about_who_has_died(browser, dana, alex, now):
    lower.record_death(client_id=alex.pk, on=date(2026, 3, 10), by=dana, now=now)
    shown = page(browser, dana, alex)
    assert "Status: Deceased" in shown
    assert "No message goes out." in shown
    for word in ("Report a relapse", "Log contact", "Schedule session", "Record a death"):
        assert word not in shown


def test_only_a_supervisor_is_led_to_the_care_team(browser, dana, sam, alex):
    assert "Assign or arrange cover" not in page(browser, dana, alex)
    assert "Assign or arrange cover" in page(browser, sam, alex)


# --- what to know, what runs, what happened ---
def test_prompts_stand_above_everything(browser, dana, alex, now):
    for key in ("clonazepam", "heroin"):
        actions.set_substance(client_id=alex.pk, substance=Substance.objects.get(key=key), by=dana, now=now)
    shown = page(browser, dana, alex)
    assert shown.index("High overdose risk") < shown.index("How it moved")


def test_street_names_never_leave_the_search(browser, dana, alex, now):
    actions.set_substance(
        client_id=alex.pk, substance=Substance.objects.get(key="clonazepam"), by=dana, now=now
    )
    shown = page(browser, dana, alex)
    assert "Clonazepam" in shown
    assert "k-pin" not in shown


def test_a_running_plan_is_shown_with_its_steps(browser, dana, alex, now):
    assert 'id="plan"' not in page(browser, dana, alex)
    reported(alex, dana, now)
    shown = page(browser, dana, alex)
    assert 'id="plan"' in shown
    assert "Talk with the client" in shown


def test_a_report_by_somebody_else_asks_to_be_confirmed(browser, dana, audrey, alex, now):
    report_relapse(client_id=alex.pk, stage="physical", source="collateral", by=dana, now=now)
    shown = page(browser, dana, alex)
    assert "Report to be confirmed: physical (someone close to the client)" in shown
    assert "Nothing is sent until you have talked with Alex." in shown
    assert "Confirm it or take it back" in shown
    assert "Confirm it or take it back" not in page(browser, audrey, alex)


def test_achievements_stay_after_a_return_to_use(browser, dana, alex, now):
    factories.EpisodeOfCareFactory(client=alex, admitted_on=date(2026, 1, 1))
    held(alex, dana, ended_at=now - 9 * DAY)
    assessed(alex, dana, now - 20 * DAY)
    assessed(alex, dana, now - 9 * DAY)
    before = achievements(page(browser, dana, alex))
    reported(alex, dana, now)
    assert achievements(page(browser, dana, alex)) == before == ["70", "1", "18 days"]


def test_days_that_nobody_asked_about_are_not_shown_as_days_without_use(browser, dana, alex):
    factories.EpisodeOfCareFactory(client=alex, admitted_on=date(2026, 1, 1))
    assert achievements(page(browser, dana, alex)) == ["70", "0", "–"]


def assessed(client, by, at):
    sheet = Sheet(answers=answers(), counselor_stage="none")
    finalise_assessment(client_id=client.pk, sheet=sheet, by=by, now=at)


def achievements(shown):
    strip = shown[shown.index('class="achievements"') : shown.index("Show as a table")]
    return re.findall(r"<dd>(.*?)</dd>", strip)


def test_what_changed_since_the_last_contact_is_said_first(browser, dana, alex, now):
    held(alex, dana, ended_at=now - 9 * DAY)
    answer(alex, at=now - DAY)
    todo(alex, due_at=now - DAY)
    shown = page(browser, dana, alex)
    assert "Alex wrote 1 message" in shown
    assert "1 to-do is overdue" in shown
    assert shown.index("Since the last contact") < shown.index("How it moved")


def test_the_timeline_can_be_narrowed_by_the_address(browser, dana, alex, now):
    held(alex, dana, ended_at=now - DAY)
    answer(alex, at=now, body="all is well", kind="other")
    assert "all is well" in page(browser, dana, alex, "?kind=messages")
    narrowed = page(browser, dana, alex, "?kind=sessions")
    assert "Session, in person" in narrowed
    assert "all is well" not in narrowed


@pytest.mark.parametrize(
    "query", ["?kind=x", "?before=yesterday", "?before=2026-13-45T00:00:00Z", "?before=2026-01-01"]
)
def test_a_strange_address_shows_the_whole_page(browser, dana, alex, query):
    assert "Alex Moreno" in page(browser, dana, alex, query)


def test_older_entries_are_one_click_away(browser, dana, alex, now):
    for n in range(33):
        answer(alex, at=now - n * DAY - timedelta(hours=1), body=f"word {n}", kind="other")
    shown = page(browser, dana, alex)
    (older,) = re.findall(r'href="([^"]*before=[^"#]*)', shown)
    assert "word 32" not in shown
    assert "word 32" in browser.get(older.replace("&amp;", "&")).content.decode()


def test_permissions_can_be_withdrawn_or_recorded(browser, dana, alex):
    shown = page(browser, dana, alex)
    assert f"/clients/{alex.uid}/permissions/text/withdraw/" in shown
    assert f"/clients/{alex.uid}/permissions/new/?channel=email" in shown


def test_the_page_costs_the_same_however_much_there_is(browser, dana, alex, now):
    reported(alex, dana, now - 2 * DAY)
    actions.set_substance(client_id=alex.pk, substance=Substance.objects.get(key="heroin"), by=dana, now=now)
    signed(held(alex, dana, ended_at=now - 9 * DAY), now=now - 8 * DAY)
    answer(alex, at=now)
    page(browser, dana, alex)
    with CaptureQueriesContext(connection) as few:
        browser.get(address(alex))
    for n in range(1, 6):
        signed(held(alex, dana, ended_at=now - (9 + n) * DAY), now=now - (8 + n) * DAY)
        answer(alex, at=now - n * DAY)
        todo(alex, due_at=now - n * DAY)
        factories.ContactPointFactory(client=alex)
    for key in ("alcohol", "cocaine", "cannabis"):
        actions.set_substance(client_id=alex.pk, substance=Substance.objects.get(key=key), by=dana, now=now)
    booked(alex, dana, starts_at=now + DAY, now=now)
    with CaptureQueriesContext(connection) as many:
        browser.get(address(alex))
    assert len(many) == len(few) <= 70
