"""Many words on few days, in any order: calendar, episodes and a plain ledger always agree (clinical.md §2.14)."""

import random
from datetime import timedelta

import pytest
from django.utils import timezone

from casework.relapse import actions
from casework.relapse.actions.days import take_mark_back, take_marks
from casework.relapse.current import known_use_days
from casework.relapse.models import DayMark, RelapseReport, UseEpisode
from casework.relapse.models.use import Verification
from casework.relapse.use_calendar import use_calendar
from casework.relapse.use_days import DayState
from clients.models import ClientSummary, Substance

pytestmark = pytest.mark.django_db
SOURCES = ("self_session", "self_call", "collateral")
HEARSAY = "collateral"
SPAN = 12  # days that are spoken of


class Ledger:
    """What stands, by the simplest rule there is: the last word of each source on each day and substance."""

    def __init__(self):
        self.words = {}  # (day, source) -> False, or the set of substances used

    def say(self, days, source, used, substance):
        for day in days:
            before = self.words.get((day, source))
            if not used:
                self.words[day, source] = False
            elif isinstance(before, set):
                self.words[day, source] = (before - {None}) | {substance}
            else:
                self.words[day, source] = {substance}

    def take_back(self, day, source, used, substance):
        if not used:
            del self.words[day, source]
            return
        self.words[day, source] -= {substance}
        if not self.words[day, source]:
            del self.words[day, source]

    def used_days(self):
        return sorted({day for (day, source), word in self.words.items() if word and source != HEARSAY})

    def state(self, day):
        words = {source: word for (on, source), word in self.words.items() if on == day}
        if any(word and source != HEARSAY for source, word in words.items()):
            return DayState.USED
        if words.get(HEARSAY) or not words:
            return DayState.UNKNOWN
        return DayState.NO_USE


@pytest.fixture
def substances(db):
    return [None, *Substance.objects.filter(key__in=["alcohol", "clonazepam"]).order_by("key")]


def speak(chance, client, ledger, substances, today, *, by, at):
    """Somebody says something, or takes one word back."""
    standing = list(DayMark.objects.of(client).standing().order_by("pk"))
    if standing and chance.random() < 0.25:
        mark = chance.choice(standing)
        take_mark_back(client, mark, reason="Mistake", by=by, now=at)
        ledger.take_back(mark.on, mark.source, mark.used, mark.substance_id)
        return
    days = chance.sample([today - timedelta(days=back) for back in range(SPAN)], chance.randint(1, 4))
    source, used = chance.choice(SOURCES), chance.random() < 0.6
    told = {"substance": chance.choice(substances), "use_type": "illicit"} if used else {}
    take_marks(client, days=days, used=used, source=source, by=by, now=at, **told)
    ledger.say(days, source, used, told["substance"].pk if told.get("substance") else None)


@pytest.mark.parametrize("seed", range(4))
def test_calendar_episodes_and_ledger_agree_after_every_word(seed, alex, dana, now, substances):
    chance, ledger = random.Random(seed), Ledger()
    today = timezone.localdate(now, alex.zone)
    for step in range(20):
        speak(chance, alex, ledger, substances, today, by=dana, at=now + timedelta(minutes=step))
        shown = use_calendar(alex, first=today - timedelta(days=SPAN - 1), last=today)
        assert {day.on: day.state for day in shown.days} == {
            day.on: ledger.state(day.on) for day in shown.days
        }
        assert known_use_days(alex) == ledger.used_days()
    last = ledger.used_days()[-1] if ledger.used_days() else None
    assert ClientSummary.objects.get(client=alex).last_use_on == last


@pytest.mark.parametrize("seed", range(2))
def test_every_episode_holds_exactly_its_days_and_none_is_empty(seed, alex, dana, now, substances):
    chance, ledger = random.Random(100 + seed), Ledger()
    today = timezone.localdate(now, alex.zone)
    for step in range(20):
        speak(chance, alex, ledger, substances, today, by=dana, at=now + timedelta(minutes=step))
    for episode in UseEpisode.objects.standing().prefetch_related("days"):
        days = [day.on for day in episode.days.all()]
        assert (episode.first_use_on, episode.last_use_on) == (days[0], days[-1])
    for gone in UseEpisode.objects.filter(verification=Verification.VOID):
        assert not gone.reports.exists()


@pytest.mark.parametrize("seed", range(2))
def test_nothing_that_was_said_is_ever_lost(seed, alex, dana, now, substances):
    chance, ledger = random.Random(200 + seed), Ledger()
    today = timezone.localdate(now, alex.zone)
    seen = 0
    for step in range(15):
        speak(chance, alex, ledger, substances, today, by=dana, at=now + timedelta(minutes=step))
        kept = DayMark.objects.count()
        assert kept >= seen
        seen = kept
    shown = use_calendar(alex, first=today - timedelta(days=SPAN - 1), last=today)
    assert sum(len(day.said) + len(day.earlier) for day in shown.days) == seen


def test_a_report_between_the_words_keeps_its_days_through_all_of_them(alex, dana, now, substances):
    chance, ledger = random.Random(7), Ledger()
    today = timezone.localdate(now, alex.zone)
    told = [today - timedelta(days=back) for back in (5, 4)]
    acts = {"client_id": alex.pk, "by": dana, "now": now}
    use = actions.record_use(use_type="illicit", days=told, source="self_message", **acts)
    report = actions.record_report(
        stage="physical", source="self_message", episode=use.latest, use_days=told, **acts
    ).report
    for step in range(20):
        speak(chance, alex, ledger, substances, today, by=dana, at=now + timedelta(minutes=step))
        assert set(told) <= set(known_use_days(alex))
    actions.retract(report_id=report.pk, reason="Misheard", by=dana, now=now + timedelta(hours=1))
    assert known_use_days(alex) == ledger.used_days()
    assert RelapseReport.objects.standing().count() == 0
