"""Where a client stands and stood."""

from datetime import timedelta

import pytest

from casework.relapse import actions, models
from casework.relapse.current import (
    behind,
    current_stage,
    history,
    in_care_since,
    known_use_days,
    longest_run,
    use_in_window,
)
from casework.relapse.models import UseEpisode
from casework.relapse.models.use import Verification
from casework.relapse.reporting import ReportSource
from clients.stage import Stage
from tests.factories import EpisodeOfCareFactory, client_of

pytestmark = pytest.mark.django_db


def test_a_client_never_assessed_has_no_stage(alex, now):
    assert current_stage(alex, at=now) is None
    assert history(alex, at=now).steps == []


def test_the_stage_can_be_asked_for_any_moment(alex, assess, report, now):
    assess("emotional", E01=2)
    report("physical", day=3)
    assess("none", day=10)
    stages = [current_stage(alex, at=now + timedelta(days=day)) for day in (-1, 0, 4, 10)]
    assert stages == [None, Stage.EMOTIONAL, Stage.PHYSICAL, Stage.NONE]


def test_history_holds_all_that_the_chart_shows_oldest_first(alex, assess, report, use, now):
    EpisodeOfCareFactory(client=alex, admitted_on=now.date() - timedelta(days=60))
    assess("emotional", E01=2)
    used = use(2, 3, at=4).latest
    told = report("physical", day=4, episode=used).report
    assess("mental", day=11, M01=2)
    shown = history(alex, at=now + timedelta(days=12))
    assert [step.stage for step in shown.steps] == [Stage.EMOTIONAL, Stage.PHYSICAL, Stage.MENTAL]
    assert [one.counselor_stage for one in shown.assessments] == ["emotional", "mental"]
    assert shown.reports == [told]
    assert [(mark.episode, len(mark.days), mark.klass, mark.ongoing) for mark in shown.use] == [
        (used, 2, "lapse", False)
    ]
    assert shown.longest_run == 8
    assert shown.in_care_since == now.date() - timedelta(days=60)


def test_history_leaves_out_what_was_taken_back(alex, assess, report, use, dana, now):
    wrong = assess("physical", P01=1)
    told = report(day=1, episode=use(-1).latest)
    actions.retract(report_id=told.report.pk, reason="Mistake", by=dana, now=now)
    actions.mark_assessment_error(assessment_id=wrong.assessment.pk, reason="Mistake", by=dana, now=now)
    shown = history(alex, at=now + timedelta(days=2))
    assert (shown.steps, shown.assessments, shown.reports, shown.use) == ([], [], [], [])


def test_history_costs_the_same_however_long_it_is(alex, assess, use, now, django_assert_num_queries):
    assess("none")
    use(-90)
    with django_assert_num_queries(3):
        history(alex, at=now)
    for day in range(1, 8):
        assess("none", day=day)
    use(-60, -30)
    with django_assert_num_queries(3):
        history(alex, at=now + timedelta(days=20))


@pytest.mark.parametrize("source", ReportSource.values)
@pytest.mark.parametrize("verification", Verification.values)
def test_the_summary_believes_the_same_days_as_every_other_reader(alex, use, now, source, verification):
    use(-40)
    told = use(-3)
    UseEpisode.objects.filter(pk=told.latest.pk).update(source=source, verification=verification)
    assert behind(alex, at=now).last_use_on == known_use_days(alex)[-1]


def test_what_came_later_is_not_known_yet(alex, assess, now):
    assess("emotional", E01=2)
    assess("none", day=3)
    assert [one.stage for one in behind(alex, at=now + timedelta(days=1)).assessed] == ["emotional"]
    assert [one.stage for one in behind(alex, at=now + timedelta(days=4)).assessed] == ["none", "emotional"]


@pytest.fixture
def weekly(alex, assess, now):
    """Thirty days in care, with an assessment every week."""
    EpisodeOfCareFactory(client=alex, admitted_on=now.date() - timedelta(days=30))
    for day in (-28, -21, -14, -7, 0):
        assess("none", day=day)


@pytest.mark.usefixtures("weekly")
def test_the_longest_run_stays_when_use_returns(alex, use, now):
    assert longest_run(alex, at=now) == 31
    use(0)
    assert longest_run(alex, at=now) == 30
    assert longest_run(alex, at=now + timedelta(days=5)) == 30


def test_of_a_client_about_whom_nobody_asked_no_run_is_known(alex, use, now):
    EpisodeOfCareFactory(client=alex, admitted_on=now.date() - timedelta(days=300))
    assert longest_run(alex, at=now) is None
    use(-40)
    assert longest_run(alex, at=now) is None


def test_days_after_the_last_assessment_are_not_counted(alex, assess, now):
    EpisodeOfCareFactory(client=alex, admitted_on=now.date() - timedelta(days=300))
    assess("emotional", E01=2)
    assert longest_run(alex, at=now + timedelta(days=200)) == 7


def test_an_assessment_that_could_not_tell_vouches_for_no_day(alex, assess, now):
    assess("indeterminate", sheet={"override_reason": "Alex said nothing"})
    assert longest_run(alex, at=now) is None


def test_use_that_an_assessment_saw_and_nobody_dated_ends_the_run(alex, assess, now):
    EpisodeOfCareFactory(client=alex, admitted_on=now.date() - timedelta(days=300))
    assess("none")
    assess("none", day=7)
    assess("physical", day=14, P01=1)
    assess("none", day=21)
    assert longest_run(alex, at=now + timedelta(days=30)) == 14


@pytest.mark.usefixtures("weekly")
def test_the_longest_run_ignores_what_nobody_has_confirmed(alex, use, now):
    use(-10, source="collateral")
    assert longest_run(alex, at=now) == 31


def test_without_an_admission_care_began_with_the_registration(alex):
    assert in_care_since(alex) == alex.registered_at.date()


def test_a_day_in_two_episodes_counts_once(alex, use, alcohol, clonazepam, now):
    use(-1, substance=alcohol)
    use(-1, substance=clonazepam)
    today = now.date()
    assert len(use_in_window(alex, first=today - timedelta(days=6), last=today)) == 1


def test_the_summary_counts_a_stage_from_when_it_has_held_without_a_break(assess, summary, now):
    assess("mental", M01=2)
    assess("emotional", day=7, E01=2)
    assess("emotional", day=14, E01=2)
    kept = summary()
    assert (kept.stage, kept.stage_before, kept.stage_since) == (
        "emotional",
        "mental",
        now + timedelta(days=7),
    )
    assert kept.last_assessed_at == now + timedelta(days=14)


@pytest.mark.parametrize(
    "model", [models.StageAssessment, models.UseEpisode, models.RelapseReport, models.StageTransition]
)
def test_a_stranger_sees_nothing_of_it(model, alex, assess, report, use, dana, robin, sam, now):
    assess("none")
    report(day=1, episode=use(-1).latest)
    assert model.objects.visible_to(dana, at=now).exists()
    assert model.objects.visible_to(sam, at=now).exists()
    assert not model.objects.visible_to(robin, at=now).exists()


def test_another_clients_facts_do_not_mix_in(alex, assess, dana, team, now):
    assess("physical", P01=1)
    assert current_stage(client_of(dana, team=team), at=now) is None


@pytest.mark.parametrize(
    "make", ["assessment", "sign", "report", "repeat", "episode", "day", "further", "transition", "catalogue"]
)
def test_no_record_says_a_name_when_printed(make, alex, assess, report, use, now, alcohol):
    done = assess("none")
    use(-1, also_used=[alcohol])
    told = report(day=1, episode=use(-1).latest)
    report(day=1, episode=use(-1).latest)
    shown = {
        "assessment": done.assessment,
        "sign": done.assessment.signs.first(),
        "report": told.report,
        "repeat": told.report.repeats.first(),
        "episode": told.report.episode,
        "day": models.UseDay.objects.first(),
        "further": models.AlsoUsed.objects.first(),
        "transition": models.StageTransition.objects.first(),
        "catalogue": models.StageSign.objects.first(),
    }[make]
    assert str(shown)
    assert "Alex" not in str(shown)
