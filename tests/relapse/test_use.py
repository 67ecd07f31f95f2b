"""Recording use: the days decide which episodes there are (clinical.md §1.6)."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction

from casework.relapse import actions
from casework.relapse.current import known_use_days
from casework.relapse.models import StageTransition, UseEpisode
from casework.relapse.models.use import Verification
from clients import audit
from clients.errors import InvalidInput, NotAllowed
from clients.models import AuditEvent

pytestmark = pytest.mark.django_db


def days_of(episode):
    return [day.on for day in UseEpisode.objects.get(pk=episode.pk).days.all()]


# --- as prescribed is no use --------------------------------------------------------------------------------------


def test_medicine_taken_as_prescribed_is_never_an_episode(use, clonazepam):
    with pytest.raises(InvalidInput, match="not a return to use") as refused:
        use(0, use_type="as_prescribed", substance=clonazepam)
    assert refused.value.field == "use_type"
    assert not UseEpisode.objects.exists()


def test_the_database_itself_refuses_an_episode_as_prescribed(use):
    episode = use(0).latest
    with pytest.raises(IntegrityError, match="as_prescribed_is_no_episode"), transaction.atomic():
        UseEpisode.objects.filter(pk=episode.pk).update(use_type="as_prescribed")


# --- what is asked ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("days", "fields", "field"),
    [
        ((), {}, "days"),
        ((1,), {}, "days"),
        ((0,), {"use_type": "binge"}, "use_type"),
        ((0,), {"source": "rumour"}, "use_type"),
        ((0,), {"route": "eyes"}, "route"),
    ],
)
def test_what_cannot_be_right_is_refused_at_its_field(use, days, fields, field):
    with pytest.raises(InvalidInput) as refused:
        use(*days, **fields)
    assert refused.value.field == field


def test_an_unknown_detail_is_a_mistake_of_the_caller(use):
    with pytest.raises(TypeError, match="colour"):
        use(0, colour="blue")


def test_today_is_the_clients_own_today(alex, dana, now):
    # 05:00 in New York on the 12th is still the 11th in Phoenix.
    at = now.replace(day=12, hour=5)
    with pytest.raises(InvalidInput, match="future"):
        actions.record_use(
            client_id=alex.pk, use_type="illicit", days=[at.date()], source="self_call", by=dana, now=at
        )


def test_somebody_who_sees_no_clients_cannot_record_use(alex, ada, now):
    with pytest.raises(NotAllowed):
        actions.record_use(
            client_id=alex.pk, use_type="alcohol", days=[now.date()], source="self_call", by=ada, now=now
        )


def test_an_episode_keeps_what_was_told(use, clonazepam, alcohol):
    recorded = use(
        -2,
        -1,
        use_type="misuse_of_prescribed",
        substance=clonazepam,
        also_used=[alcohol, clonazepam],
        route="oral",
        amount_text="more than usual",
        with_whom="alone",
        place="home",
        loss_of_control=True,
    )
    episode = UseEpisode.objects.get()
    assert (recorded.created, recorded.reclassified, recorded.latest) == (True, False, episode)
    assert (episode.substance, episode.route, episode.place) == (clonazepam, "oral", "home")
    assert [one.substance for one in episode.also_used.all()] == [alcohol]
    assert episode.classification() == "relapse"


def test_a_toxicology_result_is_presumptive_unless_said_otherwise(use):
    assert use(0, source="toxicology").latest.verification == Verification.PRESUMPTIVE
    assert (
        use(-60, source="toxicology", verification="confirmed").latest.verification == Verification.CONFIRMED
    )


# --- episodes -----------------------------------------------------------------------------------------------------


def test_days_less_than_a_fortnight_apart_join_one_episode(use):
    first = use(-20)
    second = use(-7)
    assert (second.created, second.latest) == (False, first.latest)
    assert len(days_of(first.latest)) == 2


def test_days_a_fortnight_apart_are_two_episodes(use):
    use(-20)
    assert use(-6).created
    assert UseEpisode.objects.count() == 2


def test_several_episodes_can_be_told_at_once(use):
    recorded = use(-30, -29, -3)
    assert [len(days_of(one)) for one in recorded.episodes] == [2, 1]


def test_another_substance_is_another_episode(use, clonazepam, alcohol):
    use(-2, substance=clonazepam)
    assert use(-1, substance=alcohol).created


def test_a_day_between_two_episodes_makes_them_one(use, report):
    early = use(-20).latest
    late = use(-2).latest
    spoken = report(episode=late).report
    joined = use(-10).latest
    spoken.refresh_from_db()
    late.refresh_from_db()
    assert (joined, spoken.episode, late.verification) == (early, early, Verification.VOID)
    assert len(days_of(early)) == 3
    assert len(known_use_days(early.client)) == 3


def test_a_fourth_day_within_a_week_turns_a_lapse_into_a_relapse(use):
    assert not use(-5, -4, -3).reclassified
    assert use(-2).reclassified
    assert not use(-1).reclassified


def test_an_end_not_known_stays_open_until_a_later_day_closes_it(use):
    episode = use(-15, -2, still_using=True).latest
    assert episode.last_use_on is None
    episode = use(-1).latest
    assert episode.last_use_on == days_of(episode)[-1]
    assert use(-1, still_using=True).latest.last_use_on is None


def test_an_open_end_counts_only_for_the_last_of_several_episodes(use):
    first, last = use(-40, -1, still_using=True).episodes
    assert (first.last_use_on is None, last.last_use_on is None) == (False, True)


def test_use_that_began_a_fortnight_ago_and_has_no_end_is_ongoing(use, now, alex):
    today = now.astimezone(alex.zone).date()
    episode = use(-14, still_using=True).latest
    assert episode.is_ongoing(today)
    assert not episode.is_ongoing(today - timedelta(days=1))


# --- how firm it is -----------------------------------------------------------------------------------------------


def test_the_clients_own_word_confirms_what_somebody_close_had_said(use):
    said = use(-3, source="collateral").latest
    told = use(-2).latest
    assert (told, told.verification) == (said, Verification.CORROBORATED)


def test_what_somebody_close_says_adds_no_day_to_what_the_client_told(use):
    told = use(-3).latest
    said = use(-2, source="collateral")
    assert said.created
    assert len(days_of(told)) == 1


def test_what_somebody_close_says_about_a_known_day_is_the_same_episode(use):
    told = use(-3).latest
    assert use(-3, source="collateral").latest == told


def test_only_what_is_told_or_confirmed_counts_and_both_rules_agree(use):
    made = [
        use(-90, source="self_message").latest,
        use(-70, source="collateral").latest,
        use(-50, source="toxicology").latest,
        use(-30, source="toxicology", verification="confirmed").latest,
        use(-10, source="counselor_observation").latest,
    ]
    counting = set(UseEpisode.objects.counting())
    assert {one for one in made if one.counts} == counting == {made[0], made[3]}
    assert set(UseEpisode.objects.believed()) == {made[0], made[3], made[4]}


def test_the_summary_knows_the_last_day_of_use(use, summary):
    use(-9, -4)
    use(-1, source="collateral")
    assert summary().last_use_on == known_use_days(summary().client)[-1]
    assert len(known_use_days(summary().client)) == 2


# --- seen differently ---------------------------------------------------------------------------------------------


def test_a_counselor_may_call_a_lapse_a_relapse_with_a_reason_and_that_escalates(use, assess, dana, now):
    assess("physical", P01=1)
    episode = use(-1).latest
    seen = actions.override_class(
        episode_id=episode.pk, klass="relapse", reason="Same pattern as in May", by=dana, now=now
    )
    assert (seen.latest.classification(), seen.reclassified) == ("relapse", True)
    assert StageTransition.objects.first().escalations == ["lapse_became_relapse"]


def test_taking_the_word_back_leaves_it_to_the_days(use, dana, now):
    episode = use(-1).latest
    actions.override_class(episode_id=episode.pk, klass="relapse", reason="why", by=dana, now=now)
    back = actions.override_class(episode_id=episode.pk, klass="", reason="ignored", by=dana, now=now)
    assert (back.latest.classification(), back.latest.class_reason, back.reclassified) == ("lapse", "", False)


@pytest.mark.parametrize(("klass", "reason"), [("binge", "why"), ("relapse", " ")])
def test_another_word_or_no_reason_is_refused(use, dana, now, klass, reason):
    with pytest.raises(InvalidInput):
        actions.override_class(episode_id=use(-1).latest.pk, klass=klass, reason=reason, by=dana, now=now)


def test_the_practices_own_thresholds_hold(use, settings):
    settings.RELAPSE_THRESHOLDS = {"new_episode_gap": 5}
    use(-10)
    assert use(-4).created


# --- all or nothing -----------------------------------------------------------------------------------------------


def test_recording_is_audited_with_numbers_only(use, alex, dana):
    use(-2, -1, place="home")
    event = AuditEvent.objects.get(verb="relapse.use_recorded")
    assert (event.actor_id, event.client_id, event.detail) == (dana.pk, alex.pk, {"days": 2})


def test_without_its_audit_row_nothing_is_recorded(use, monkeypatch):
    kept = use(-1).latest

    def broken(*args, **kwargs):
        raise RuntimeError("no trail")

    monkeypatch.setattr(audit, "record", broken)
    with pytest.raises(RuntimeError), transaction.atomic():
        use(-2)
    with pytest.raises(RuntimeError), transaction.atomic():
        use(-60)
    assert len(days_of(kept)) == UseEpisode.objects.count() == 1
