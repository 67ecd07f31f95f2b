"""The pages of being away: one's own, and those of one's people."""

import re
from datetime import timedelta

import pytest
import time_machine

from clients.models import Absence, AuditEvent
from tests import factories
from tests.conftest import NOW

pytestmark = pytest.mark.django_db
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
FROM, UNTIL = "2026-03-12T09:00", "2026-03-14T17:00"  # as typed in New York


@pytest.fixture(autouse=True)
def _frozen():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def lee(team):
    return factories.counselor("Lee Park", team=team)


def page(browser, user, address="/absences/"):
    browser.force_login(user)
    return re.sub(r"\s+", " ", browser.get(address).content.decode())


def post(browser, who, address, **data):
    browser.force_login(who)
    return browser.post(address, data)


def absence(user, cover=None, start=NOW - HOUR, end=NOW + DAY):
    return Absence.objects.create(
        user=user, cover=cover, starts_at=start, ends_at=end, made_at=NOW, made_by=user
    )


def test_an_empty_page_says_what_to_do(browser, dana):
    assert "Before you leave, say from when to when and who covers." in page(browser, dana)


def test_one_says_when_one_is_away_and_who_covers(browser, dana, lee):
    answer = post(
        browser,
        dana,
        "/absences/new/",
        user=dana.pk,
        starts_at=FROM,
        ends_at=UNTIL,
        cover=lee.pk,
        note="On leave",
    )
    assert answer.status_code == 302
    row = Absence.objects.get()
    assert (row.user, row.cover, row.note) == (dana, lee, "On leave")
    assert row.starts_at.isoformat() == "2026-03-12T13:00:00+00:00"
    shown = page(browser, dana)
    assert "Lee Park covers" in shown
    assert "Call off" in shown
    assert "You cover" in page(browser, lee)


def test_the_page_offers_a_counselor_only_themselves(browser, dana, lee, sam):
    own, supervisors = page(browser, dana, "/absences/new/"), page(browser, sam, "/absences/new/")
    assert f'<input type="hidden" name="user" value="{dana.pk}"' in own
    assert f'<option value="{dana.pk}">Dana Reyes</option>' in supervisors


def test_what_is_declined_stands_beside_its_field_and_what_was_typed_stays(browser, dana, lee):
    absence(lee, start=NOW, end=NOW + 9 * DAY)
    answer = post(
        browser, dana, "/absences/new/", user=dana.pk, starts_at=FROM, ends_at=UNTIL, cover=lee.pk, note="x"
    )
    said = re.sub(r"\s+", " ", answer.content.decode())
    assert "Lee is away too, from 11 Mar, 11:00 until 20 Mar, 11:00. Choose another person." in said
    assert 'value="2026-03-12T09:00"' in said
    assert Absence.objects.count() == 1


def test_a_counselor_cannot_send_another_ones_name(browser, dana, lee, robin):
    answer = post(browser, dana, "/absences/new/", user=robin.pk, starts_at=FROM, ends_at=UNTIL, cover="")
    assert answer.status_code == 200
    assert not Absence.objects.exists()


def test_a_supervisor_arranges_it_for_the_team_and_sees_who_is_uncovered(browser, dana, sam):
    post(browser, sam, "/absences/new/", user=dana.pk, starts_at=FROM, ends_at=UNTIL, cover="")
    assert Absence.objects.get().made_by == sam
    assert "Nobody covers" in page(browser, sam)


def test_another_cover_for_the_rest(browser, dana, lee, robin):
    row = absence(dana, lee)
    assert "Who covers for Dana?" in page(browser, dana, f"/absences/{row.uid}/cover/")
    assert post(browser, dana, f"/absences/{row.uid}/cover/", cover=robin.pk).status_code == 302
    assert Absence.objects.in_force(NOW).get().cover == robin


def test_back_early(browser, dana, lee):
    row = absence(dana, lee)
    post(browser, dana, f"/absences/{row.uid}/end/")
    assert not Absence.objects.in_force(NOW).exists()
    assert "Ended: Dana answers again." in page(browser, dana)
    post(browser, dana, f"/absences/{row.uid}/end/")
    assert "This absence is over already." in page(browser, dana)


@pytest.mark.parametrize("act", ["end", "cover"])
def test_a_strangers_absence_is_not_found_and_stays(browser, dana, lee, robin, act):
    row = absence(dana, lee)
    assert post(browser, robin, f"/absences/{row.uid}/{act}/", cover="").status_code == 404
    assert Absence.objects.in_force(NOW).get().cover == lee
    assert AuditEvent.objects.filter(verb="access.refused").exists()
