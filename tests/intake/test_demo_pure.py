"""The invented practice, as far as it can be told without a database."""

import random
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest

from casework.intake.demo import arcs, cast, diary, roster, timeline, zones
from casework.intake.demo.words import NoteWriter
from casework.relapse.stage import Answer, suggest
from clients.stage import Stage

MONDAY = date(2026, 3, 9)
HOURS_OF_A_YEAR = [
    datetime(2026, 1, 1, 0, 20, tzinfo=UTC) + timedelta(hours=n) for n in range(0, 24 * 365, 7)
]
COURSES = list(roster.courses(random.Random(7)))


def meetings_of(course: roster.Course, today: date = MONDAY) -> list[timeline.Meeting]:
    began = today - timedelta(weeks=course.weeks)
    return timeline.meetings(course, diary.Place(1, 9), began=began, today=today)


class TestZones:
    @pytest.mark.parametrize("hour", range(24))
    def test_at_every_hour_texts_may_leave_somewhere(self, hour: int) -> None:
        now = datetime(2026, 7, 1, hour, 50, tzinfo=UTC)
        for name in zones.awake_zones(now, zones.home_zone(now)):
            local = now.astimezone(ZoneInfo(name))
            assert 9 <= local.hour < 20
        assert len(zones.awake_zones(now, zones.home_zone(now))) >= 2

    def test_at_no_hour_of_the_year_is_it_night_everywhere(self) -> None:
        assert all(zones.awake_zones(now, zones.home_zone(now)) for now in HOURS_OF_A_YEAR)

    def test_the_practice_lies_where_a_working_day_is_under_way(self) -> None:
        assert zones.home_zone(datetime(2026, 1, 5, 15, 0, tzinfo=UTC)) == "America/New_York"
        assert zones.home_zone(datetime(2026, 1, 5, 23, 30, tzinfo=UTC)) == "America/Los_Angeles"
        assert zones.home_zone(datetime(2026, 1, 5, 3, 0, tzinfo=UTC)) == "Pacific/Guam"

    def test_in_the_small_hours_it_lies_in_new_york_with_the_day_ahead(self) -> None:
        assert zones.home_zone(datetime(2026, 1, 5, 10, 0, tzinfo=UTC)) == "America/New_York"

    def test_a_place_about_to_close_is_not_awake(self) -> None:
        assert zones.is_awake(datetime(2026, 1, 6, 0, 34, tzinfo=UTC), "America/New_York")
        assert not zones.is_awake(datetime(2026, 1, 6, 0, 35, tzinfo=UTC), "America/New_York")
        assert not zones.is_awake(datetime(2026, 1, 5, 13, 59, tzinfo=UTC), "America/New_York")


class TestArcs:
    @pytest.mark.parametrize("stage", [Stage.NONE, Stage.EMOTIONAL, Stage.MENTAL, Stage.PHYSICAL])
    def test_the_answers_of_a_week_suggest_the_stage_they_stand_for(self, stage: Stage) -> None:
        for seed in range(200):
            rng = random.Random(seed)
            week = arcs.week(stage, arcs.leaning(rng), rng, used=1 if stage == Stage.PHYSICAL else 0)
            answers = {code: Answer(severity) for code, severity in week.severities.items()}
            assert suggest(answers, week.halt, False).stage == stage, seed
            assert 0 <= week.craving <= 10
            assert 0 <= week.confidence <= 10

    def test_the_same_person_keeps_to_the_same_signs(self) -> None:
        rng = random.Random(3)
        person = arcs.leaning(rng)
        raised = [
            {
                code
                for code, severity in arcs.week(Stage.EMOTIONAL, person, rng).severities.items()
                if severity == 2
            }
            for _number in range(10)
        ]
        assert set.union(*raised) <= set(person.emotional)

    def test_a_height_lies_on_the_line_between_the_points(self) -> None:
        assert arcs.height_at((0.0, 1.0, 3.0), 0.0) == 0.0
        assert arcs.height_at((0.0, 1.0, 3.0), 0.75) == 2.0
        assert arcs.height_at((0.0, 1.0, 3.0), 1.0) == 3.0
        assert arcs.height_at((0.0, 1.0, 3.0), 7.0) == 3.0


class TestDiary:
    def test_a_counselor_has_forty_hours_of_the_week_and_none_twice(self) -> None:
        places = list(diary.places())
        assert len(places) == len(set(places)) == 40

    def test_a_weekly_hour_falls_on_its_day_and_never_on_the_last(self) -> None:
        days = list(diary.weekly(diary.Place(2, 9), first=MONDAY, last=date(2026, 4, 1)))
        assert days == [date(2026, 3, 11), date(2026, 3, 18), date(2026, 3, 25)]

    def test_the_hour_stays_the_same_when_the_clocks_change(self) -> None:
        zone = ZoneInfo("America/New_York")
        before, after = (diary.Place(2, 9).on(day, zone) for day in (date(2026, 3, 4), date(2026, 3, 11)))
        assert before.hour == after.hour == 9
        assert before.utcoffset() != after.utcoffset()

    @pytest.mark.parametrize(("hour", "count"), [(0, 5), (5, 5), (8, 5), (12, 5), (22, 3), (23, 2)])
    def test_todays_sessions_stay_on_this_day(self, hour: int, count: int) -> None:
        now = datetime(2026, 3, 9, hour, 40, tzinfo=ZoneInfo("America/Chicago"))
        starts = diary.today_starts(now)
        assert {start.date() for start in starts} == {MONDAY}
        assert len(starts) == count
        assert all(start.hour >= 8 for start in starts)
        assert all(one + diary.LENGTH <= other for one, other in pairwise(starts))

    def test_two_sessions_are_over_by_noon_and_none_before_the_day_begins(self) -> None:
        zone = ZoneInfo("America/Chicago")
        noon, early = (datetime(2026, 3, 9, hour, 40, tzinfo=zone) for hour in (13, 5))
        assert [start < noon for start in diary.today_starts(noon)] == [True, True, False, False, False]
        assert [start.hour for start in diary.today_starts(early)] == [9, 10, 12, 13, 14]


class TestRoster:
    def test_sixty_people_of_whom_about_twenty_hear_from_us_soon(self) -> None:
        kinds = Counter(course.story.kind for course in COURSES)
        assert len(COURSES) == 60
        assert 18 <= kinds[roster.DUE_NOW] <= 22
        for kind in (roster.NEVER_SEEN, roster.DECEASED, roster.OPTED_OUT, roster.COLLATERAL):
            assert kinds[kind] == 1

    def test_nobody_comes_twice_and_one_in_five_speaks_spanish(self) -> None:
        names = {(course.person.given, course.person.family) for course in COURSES}
        assert len(names) == 60
        assert sum(course.person.language == "es" for course in COURSES) == 12

    def test_some_use_a_sedative_together_with_alcohol_or_an_opioid(self) -> None:
        sedatives, company = (
            {"clonazepam", "alprazolam", "diazepam", "lorazepam"},
            {"alcohol", "oxycodone", "heroin"},
        )
        mixed = [one for one in COURSES if sedatives & set(one.substances) and company & set(one.substances)]
        assert len(mixed) >= 8

    def test_the_counselors_share_alike(self) -> None:
        assert Counter(course.counselor for course in COURSES) == {0: 20, 1: 20, 2: 20}

    def test_the_same_seed_gives_the_same_people(self) -> None:
        assert list(roster.courses(random.Random(7))) == COURSES
        assert list(roster.courses(random.Random(8))) != COURSES

    def test_there_are_four_counselors_a_supervisor_an_administrator_and_an_auditor(self) -> None:
        roles = Counter(colleague.role for colleague in cast.STAFF)
        assert roles == {"counselor": 4, "supervisor": 1, "administrator": 1, "auditor": 1}


class TestTimeline:
    def test_somebody_never_seen_has_no_meeting(self) -> None:
        (course,) = (one for one in COURSES if one.story.kind == roster.NEVER_SEEN)
        assert meetings_of(course) == []

    def test_meetings_lie_before_today_and_in_order(self) -> None:
        for course in COURSES:
            days = [meeting.on for meeting in meetings_of(course)]
            assert days == sorted(set(days))
            assert all(day < MONDAY for day in days)

    def test_those_who_no_longer_come_have_no_recent_meeting(self) -> None:
        for course in COURSES:
            gone = timeline.LAST_SEEN.get(course.story.kind)
            if gone:
                assert meetings_of(course)[-1].on < MONDAY - timedelta(days=gone)

    def test_physical_is_only_where_the_week_before_had_use(self) -> None:
        for course in COURSES:
            for meeting in meetings_of(course):
                assert (meeting.stage == Stage.PHYSICAL) == (meeting.used > 0)

    def test_a_setback_is_followed_by_a_return(self) -> None:
        course = next(one for one in COURSES if one.story.kind == roster.BEHIND)
        stages = [meeting.stage for meeting in meetings_of(course)]
        assert stages[-1] == Stage.NONE
        assert Stage.MENTAL in stages

    def test_a_slow_rise_ends_higher_than_it_began(self) -> None:
        for course in COURSES:
            if course.story.kind == roster.CALM and course.story.arc == arcs.SLOW_RISE:
                stages = [meeting.stage.rank or 0 for meeting in meetings_of(course)]
                assert stages[-1] > stages[0]

    def test_the_first_and_the_latest_meeting_are_assessed(self) -> None:
        for course in COURSES:
            met = meetings_of(course)
            if met:
                assert met[0].assessed
                assert met[-1].assessed

    def test_use_lies_on_or_before_the_day_it_was_told(self) -> None:
        for course in COURSES:
            told = timeline.reported_on(course, MONDAY)
            days = timeline.use_days(course, MONDAY)
            assert bool(days) == (course.story.stage == Stage.PHYSICAL)
            assert all(told is not None and day <= told for day in days)


class TestNotes:
    @pytest.mark.parametrize("stage", [Stage.NONE, Stage.EMOTIONAL, Stage.MENTAL, Stage.PHYSICAL])
    @pytest.mark.parametrize("seed", range(20))
    def test_no_sentence_comes_twice_in_a_row(self, stage: Stage, seed: int) -> None:
        writer = NoteWriter("Alex", "en", random.Random(seed))
        notes = [writer.note(stage) for _number in range(25)]
        for one, other in pairwise(notes):
            for part in ("data", "assessment", "plan"):
                assert one[part] != other[part]
        assert len({note["data"] for note in notes}) >= 20

    def test_every_note_is_complete_and_names_the_person(self) -> None:
        writer = NoteWriter("Alex", "es", random.Random(5))
        for stage in (Stage.NONE, Stage.EMOTIONAL, Stage.MENTAL, Stage.PHYSICAL):
            note = writer.note(stage)
            assert set(note) == {"data", "assessment", "plan", "risk"}
            assert all(note.values())
            assert "Alex" in note["data"]
            assert "{" not in "".join(note.values())

    def test_notes_name_no_dose_and_call_nobody_names(self) -> None:
        writer = NoteWriter("Alex", "en", random.Random(1))
        said = " ".join(
            " ".join(writer.note(stage).values()) for stage in arcs_stages() for _number in range(60)
        ).lower()
        for word in (" mg", "addict", "clean", "dirty", "abuse", "failed", "non-compliant", "junkie"):
            assert word not in said


def arcs_stages() -> list[Stage]:
    return [Stage.NONE, Stage.EMOTIONAL, Stage.MENTAL, Stage.PHYSICAL]
