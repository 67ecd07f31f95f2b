"""What a bundle tells us about a life, and what it does not."""

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from casework.intake.fhir.errors import BundleError
from casework.intake.fhir.facts import BundleFacts, EpisodeFact
from casework.intake.fhir.mapping import load_mapping
from casework.intake.fhir.reading import read_facts

from .bundles import bundle, care_plan, concept, condition, encounter, overdose, patient, stay

NOW = datetime(2021, 6, 1, 12, 0, tzinfo=UTC)
HERE = Path("alex.json")


def read(*resources: dict[str, Any], now: datetime = NOW) -> BundleFacts:
    zone = ZoneInfo("America/New_York")
    return read_facts(HERE, bundle(*resources), mapping=load_mapping(), zone=zone, now=now)


def refusal(*resources: dict[str, Any]) -> BundleError:
    with pytest.raises(BundleError) as caught:
        read(*resources)
    return caught.value


def facts_of(facts: BundleFacts) -> list[object]:
    return [*facts.substances, *facts.uses, *facts.episodes]


def spans(facts: BundleFacts) -> list[tuple[str, str, str]]:
    return [(span.kind, str(span.started_on), str(span.ended_on)) for span in facts.episodes]


class TestSubstances:
    def test_a_condition_that_names_a_substance_is_taken_with_its_day(self) -> None:
        (fact,) = read(condition("c1", "Alcoholism", "2018-05-01")).substances
        assert (fact.external_id, fact.substance, fact.noted_on) == (
            "Condition/c1",
            "alcohol",
            date(2018, 5, 1),
        )

    def test_the_same_substance_twice_is_one_fact_with_the_earliest_day(self) -> None:
        facts = read(
            condition("c1", "Alcohol dependence", "2019-01-01"), condition("c2", "Alcoholism", "2012-01-01")
        )
        assert [(fact.external_id, fact.substance) for fact in facts.substances] == [
            ("Condition/c2", "alcohol")
        ]
        assert facts.taken["Condition"] == 2

    def test_the_day_it_was_recorded_serves_where_no_onset_is_known(self) -> None:
        (fact,) = read(condition("c1", "Alcoholism", None, recordedDate="2017")).substances
        assert fact.noted_on == date(2017, 1, 1)

    def test_a_condition_without_any_date_is_still_a_fact(self) -> None:
        (fact,) = read(condition("c1", "Alcoholism", None)).substances
        assert fact.noted_on is None

    def test_other_conditions_are_counted_as_ignored(self) -> None:
        facts = read(condition("c1", "Hypertension"), condition("c2", "Alcoholism"))
        assert (facts.ignored["Condition"], facts.taken["Condition"]) == (1, 1)


class TestOverdoses:
    def test_an_emergency_encounter_is_a_use_of_an_unnamed_substance(self) -> None:
        (use,) = read(overdose("e1", "2020-03-02T14:00:00+00:00")).uses
        assert (use.external_id, use.when.on, use.substance) == ("Encounter/e1", date(2020, 3, 2), "other")

    def test_the_condition_of_the_same_encounter_is_the_same_event(self) -> None:
        same = condition("c1", "Drug overdose", "2020-03-02", encounter={"reference": "urn:uuid:e1"})
        facts = read(same, overdose("e1"))
        assert [use.external_id for use in facts.uses] == ["Encounter/e1"]
        assert facts.taken == {"Encounter": 1, "Condition": 1}

    @pytest.mark.parametrize("where", [{}, {"encounter": {"reference": "urn:uuid:elsewhere"}}])
    def test_a_condition_of_no_known_emergency_is_an_event_of_its_own(self, where: dict[str, Any]) -> None:
        facts = read(overdose("e1"), condition("c9", "Drug overdose", "2015-07-08", **where))
        assert [use.external_id for use in facts.uses] == ["Condition/c9", "Encounter/e1"]

    def test_an_overdose_condition_without_a_date_is_set_aside(self) -> None:
        facts = read(condition("c1", "Drug overdose", None))
        assert (facts.uses, facts.set_aside["overdose without a date"]) == ([], 1)

    def test_a_visit_about_an_earlier_overdose_is_not_another_one(self) -> None:
        visit = overdose("e2", "2020-03-09T14:00:00+00:00", **{"class": {"code": "AMB"}})
        assert [use.external_id for use in read(overdose("e1"), visit).uses] == ["Encounter/e1"]

    def test_an_emergency_for_another_reason_is_ignored(self) -> None:
        facts = read(encounter("e1", reason="Laceration of hand"))
        assert (facts.uses, facts.ignored["Encounter"]) == ([], 1)

    def test_the_day_is_the_local_day(self) -> None:
        (use,) = read(overdose("e1", "2013-08-09T03:30:37+00:00")).uses
        assert use.when.on == date(2013, 8, 8)

    def test_a_vague_date_keeps_its_precision(self) -> None:
        (use,) = read(condition("c1", "Drug overdose", "2015-07")).uses
        assert (use.when.on, use.when.precision) == (date(2015, 7, 1), "month")


class TestEpisodes:
    def test_a_stay_becomes_an_episode(self) -> None:
        facts = read(stay("e1", "2020-03-02T14:00:00+00:00", "2020-03-20T14:00:00+00:00"))
        assert facts.episodes == [
            EpisodeFact("stay", date(2020, 3, 2), date(2020, 3, 20), ("Encounter/e1",), "other")
        ]

    def test_nights_that_follow_each_other_are_one_stay(self) -> None:
        facts = read(stay("e2", "2020-03-04", "2020-03-05"), stay("e1", "2020-03-01", "2020-03-03"))
        assert spans(facts) == [("stay", "2020-03-01", "2020-03-05")]
        assert facts.episodes[0].external_ids == ("Encounter/e1", "Encounter/e2")

    def test_stays_with_days_between_them_are_two(self) -> None:
        facts = read(stay("e1", "2020-03-01", "2020-03-03"), stay("e2", "2020-03-05", "2020-03-06"))
        assert spans(facts) == [("stay", "2020-03-01", "2020-03-03"), ("stay", "2020-03-05", "2020-03-06")]

    def test_a_stay_during_counseling_is_an_episode_of_its_own(self) -> None:
        facts = read(care_plan("p1", "2019-01-10", "2020-12-01"), stay("e1", "2020-03-01", "2020-03-03"))
        assert spans(facts) == [
            ("counseling", "2019-01-10", "2020-12-01"),
            ("stay", "2020-03-01", "2020-03-03"),
        ]

    def test_plans_side_by_side_are_one_time_in_counseling(self) -> None:
        facts = read(care_plan("p1", "2019-01-10", "2020-06-01"), care_plan("p2", "2020-01-01", "2020-03-01"))
        assert spans(facts) == [("counseling", "2019-01-10", "2020-06-01")]

    def test_an_open_plan_swallows_the_later_ones(self) -> None:
        now = datetime(2019, 2, 1, tzinfo=UTC)
        facts = read(
            encounter("e1", start="2019-01-30"), care_plan("p1"), care_plan("p2", "2019-01-20"), now=now
        )
        assert spans(facts) == [("counseling", "2019-01-10", "None")]

    def test_an_open_plan_of_somebody_long_unseen_ended_with_the_last_visit(self) -> None:
        (episode,) = read(care_plan("p1", "2019-01-10"), encounter("e1", start="2020-03-02")).episodes
        assert (episode.ended_on, episode.reason) == (date(2020, 3, 2), "other")

    @pytest.mark.parametrize(("seen", "end"), [("2021-05-02", "None"), ("2021-05-01", "2021-05-01")])
    def test_thirty_days_without_a_visit_are_not_yet_a_discharge(self, seen: str, end: str) -> None:
        assert spans(read(care_plan("p1"), encounter("e1", start=seen))) == [
            ("counseling", "2019-01-10", end)
        ]

    def test_a_plan_without_any_visit_on_file_stays_open(self) -> None:
        assert spans(read(care_plan("p1"))) == [("counseling", "2019-01-10", "None")]

    def test_a_stay_without_an_end_stays_open(self) -> None:
        open_stay = encounter("e1", start="2020-03-02", kind="Drug detoxification")
        (episode,) = read(open_stay).episodes
        assert (episode.ended_on, episode.reason) == (None, "")

    def test_an_episode_ends_with_a_death(self) -> None:
        gone = patient(deceasedDateTime="2020-05-01")
        (episode,) = read(gone, care_plan("p1"), encounter("e1", start="2020-03-02")).episodes
        assert (episode.ended_on, episode.reason) == (date(2020, 5, 1), "deceased")

    def test_care_that_ended_before_a_death_did_not_end_by_it(self) -> None:
        (episode,) = read(
            patient(deceasedDateTime="2020-05-01"), stay("e1", "2020-03-01", "2020-03-03")
        ).episodes
        assert (episode.ended_on, episode.reason) == (date(2020, 3, 3), "other")

    @pytest.mark.parametrize("activity", ["Alcoholism counseling", "Drug addiction therapy"])
    def test_substance_counseling_has_several_names(self, activity: str) -> None:
        assert len(read(care_plan("p1", activity=activity)).episodes) == 1

    def test_other_care_plans_are_counted_as_ignored(self) -> None:
        facts = read(care_plan("p1", activity="Smoking cessation therapy"))
        assert (facts.episodes, facts.ignored["CarePlan"]) == ([], 1)

    def test_a_care_plan_named_by_its_category_counts(self) -> None:
        plan = care_plan("p1", activity="Talk", category=[concept("Substance use counseling")])
        assert len(read(plan).episodes) == 1

    def test_a_care_plan_without_a_start_is_set_aside(self) -> None:
        assert read(care_plan("p1", None)).set_aside["care plan without a start"] == 1


class TestWhatIsLeft:
    def test_everything_else_is_counted_by_type(self) -> None:
        others = [
            {"resourceType": kind, "id": str(n)} for n, kind in enumerate(["Claim", "Observation", "Claim"])
        ]
        facts = read(patient(), encounter("e1"), *others)
        assert facts.ignored == {"Claim": 2, "Observation": 1, "Encounter": 1}
        assert not facts.taken

    def test_what_is_about_somebody_else_is_never_taken(self) -> None:
        theirs = condition("c1", "Alcoholism", subject={"reference": "Patient/robin"})
        facts = read(theirs, overdose("e1", subject=None))
        assert (facts.substances, facts.uses) == ([], [])
        assert facts.set_aside["about somebody else"] == 2

    @pytest.mark.parametrize(
        "resource",
        [
            condition("c", "Alcoholism", verificationStatus={"coding": [{"code": "entered-in-error"}]}),
            condition("c", "Alcoholism", verificationStatus={"coding": [{"code": "refuted"}]}),
            overdose("e", status="cancelled"),
            stay("e", "2020-03-01", "2020-03-02", status="planned"),
            care_plan("p", status="draft"),
            care_plan("p", status="entered-in-error"),
        ],
    )
    def test_what_never_happened_is_set_aside(self, resource: dict[str, Any]) -> None:
        facts = read(patient(), resource)
        assert facts_of(facts) == []
        assert facts.set_aside["planned, cancelled or entered in error"] == 1

    def test_what_is_dated_after_death_is_set_aside(self) -> None:
        gone = patient(deceasedDateTime="2018-01-01T12:00:00Z")
        facts = read(gone, overdose("e1"), condition("c1", "Alcoholism", "2019-01-01"), care_plan("p1"))
        assert facts_of(facts) == []
        assert facts.set_aside["dated after death"] == 3

    def test_an_overdose_on_the_day_of_death_is_taken(self) -> None:
        gone = patient(deceasedDateTime="2020-03-02T15:00:00Z")
        assert len(read(gone, overdose("e1", "2020-03-02T14:00:00Z")).uses) == 1

    def test_a_reference_may_be_a_full_address_with_a_version(self) -> None:
        subject = {"reference": "https://ehr.example/fhir/Patient/alex-1/_history/3"}
        assert len(read(condition("c1", "Alcoholism", subject=subject)).substances) == 1


class TestRefusals:
    def test_a_bundle_needs_its_patient(self) -> None:
        alone = bundle(overdose("e1"))
        alone["entry"] = alone["entry"][1:]
        with pytest.raises(BundleError, match="The bundle has no Patient"):
            read_facts(HERE, alone, mapping=load_mapping(), zone=ZoneInfo("UTC"), now=NOW)

    def test_two_people_in_one_file_are_refused(self) -> None:
        error = refusal(patient(), patient(id="robin"))
        assert (error.reason, error.remedy) == (
            "The bundle holds 2 Patients.",
            "Split it: one person a file.",
        )

    @pytest.mark.parametrize("element", ["birthDate", "deceasedDateTime"])
    def test_nobody_is_born_or_dies_tomorrow(self, element: str) -> None:
        error = refusal(patient(**{element: "2021-06-02"}))
        assert error.reason == f"Patient.{element} lies in the future (2021-06-02)."

    @pytest.mark.parametrize(
        ("resource", "reason"),
        [
            (overdose("e1", "2021-06-02T00:00:00Z"), "Encounter/e1 is dated in the future (2021-06-01)."),
            (
                condition("c1", "Alcoholism", "2022-01-01"),
                "Condition/c1 is dated in the future (2022-01-01).",
            ),
            (care_plan("p1", "2022-01-01"), "CarePlan/p1 is dated in the future (2022-01-01)."),
            (overdose("e1", period=None), "Encounter/e1 has no period.start."),
            (overdose("e1", "yesterday"), "Encounter/e1: element.start 'yesterday' is not a date"),
            (stay("e1", "2020-03-05", "2020-03-01"), "Encounter/e1 ends before it starts."),
            (overdose("e1", id=None), "One Encounter has no id"),
            (
                overdose("e\ud800" + "x" * 99, period=None),
                "Encounter/e?" + "x" * 62 + " has no period.start.",
            ),
            (encounter("e1", type="Visit"), "Encounter/e1.type is not a list."),
            (
                condition("c1", "Alcoholism\x00"),
                "Condition/c1: element.display holds characters that are not text.",
            ),
        ],
    )
    def test_one_wrong_fact_refuses_the_whole_file(self, resource: dict[str, Any], reason: str) -> None:
        assert reason in str(refusal(patient(), condition("c0", "Alcoholism"), resource))
