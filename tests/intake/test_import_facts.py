"""What one file leaves in the record, and what it never sets in motion."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

import pytest
from django.apps import apps
from django.core import mail
from django.db import IntegrityError, transaction

from casework.followup.actions.endings import record_death
from casework.followup.actions.reports import report_relapse
from casework.followup.models import FollowUpPlan, Message, ToDo
from casework.intake.models import ExternalRef
from casework.relapse.models import RelapseReport, StageTransition, UseEpisode
from clients import actions
from clients.base import CLINICAL, IDENTIFYING, OPERATIONAL
from clients.errors import InvalidInput, NotAllowed
from clients.models import AuditEvent, Client, ClientSubstance, EpisodeOfCare, Permission
from tests import factories

from .bundles import care_plan, condition, overdose, patient, stay

Take = Callable[..., Any]
pytestmark = pytest.mark.django_db


def everything() -> dict[str, list[dict[str, Any]]]:
    """All rows of all our models but the trail, which is to grow."""
    ours = [model for model in apps.get_models() if hasattr(model, "CLASSES") and model is not AuditEvent]
    return {model._meta.label: list(model._base_manager.order_by("pk").values()) for model in ours}


def full_history() -> list[dict[str, Any]]:
    same = condition("c2", "Drug overdose", "2020-03-02", encounter={"reference": "urn:uuid:e1"})
    return [
        condition("c1", "Alcoholism", "2018-05-01"),
        overdose("e1", "2020-03-02T14:00:00+00:00"),
        same,
        stay("e2", "2020-03-10T14:00:00+00:00", "2020-03-20T14:00:00+00:00"),
        care_plan("p1", "2020-04-01", "2020-09-01"),
    ]


class TestPerson:
    def test_somebody_new_becomes_a_client_of_the_team(self, take: Take, team: Any, now: datetime) -> None:
        outcome = take(patient())
        client = Client.objects.get()
        assert (client.given_name, client.family_name, client.team) == ("Alex Jo", "Rivera", team)
        assert (client.date_of_birth, client.language, client.state) == (date(1984, 4, 10), "en", "active")
        assert client.registered_at == now
        assert outcome.created == {"client": 1, "contact point": 1}

    def test_phones_come_unverified_and_permission_comes_not_at_all(self, take: Take) -> None:
        take(patient())
        point = Client.objects.get().contact_points.get()
        assert (point.kind, point.normalized, point.state) == ("mobile", "+12125550142", "unverified")
        assert not Permission.objects.exists()

    def test_a_number_that_cannot_be_one_is_left_out_and_said(self, take: Take) -> None:
        phones = [{"system": "phone", "value": "n/a"}, {"system": "email", "value": "Alex@Example.org"}]
        outcome = take(patient(telecom=phones))
        assert [point.normalized for point in Client.objects.get().contact_points.all()] == [
            "alex@example.org"
        ]
        assert outcome.set_aside["unusable or repeated phone or address"] == 1

    def test_without_a_language_english_is_assumed(self, take: Take) -> None:
        take(patient(communication=[]))
        assert Client.objects.get().language == "en"

    def test_nobody_is_put_on_the_care_team(self, take: Take, sam: Any, dana: Any, now: datetime) -> None:
        take(patient(), by=sam)
        assert not Client.objects.get().care_team.exists()
        assert Client.objects.visible_to(sam, at=now).count() == 1
        assert Client.objects.visible_to(dana, at=now).count() == 0

    def test_a_namesake_is_remarked_on_and_not_merged(self, take: Take, dana: Any, team: Any) -> None:
        factories.client_of(
            dana,
            team=team,
            given_name="alex jo",
            family_name="Rivera",
            date_of_birth=date(1984, 4, 10),
            record_number="T-77",
        )
        outcome = take(patient())
        assert Client.objects.count() == 2
        assert outcome.remarks == ["Has the name and birth date of T-77: the same person?"]

    def test_two_people_of_the_same_name_are_two_by_their_numbers(self, take: Take) -> None:
        take(patient())
        take(patient(identifier=[{"system": "https://ehr.example", "value": "MR-78"}]))
        assert Client.objects.count() == 2


class TestFacts:
    def test_a_condition_becomes_a_substance_from_import(self, take: Take) -> None:
        take(condition("c1", "Alcoholism", "2018-05-01"))
        row = ClientSubstance.objects.get()
        assert (row.substance.key, row.source, row.is_primary, row.first_used_on) == (
            "alcohol",
            "import",
            False,
            None,
        )

    def test_what_staff_said_of_a_substance_stays(self, take: Take, now: datetime) -> None:
        take(patient())
        client = Client.objects.get()
        alcohol = apps.get_model("clients", "Substance").objects.get(key="alcohol")
        actions.set_substance(client_id=client.pk, substance=alcohol, by=None, now=now, is_primary=True)
        outcome = take(condition("c1", "Alcoholism"))
        row = ClientSubstance.objects.get()
        assert (row.source, row.is_primary) == ("staff", True)
        assert outcome.matched["substance"] == 1

    def test_an_overdose_becomes_a_use_and_a_report_of_its_own_time(self, take: Take, now: datetime) -> None:
        take(overdose("e1", "2020-03-02T03:30:00+00:00"))
        use, report = UseEpisode.objects.get(), RelapseReport.objects.get()
        assert (use.substance.key, use.source, use.first_use_on, use.last_use_on) == (
            "other",
            "import",
            date(2020, 3, 1),
            date(2020, 3, 1),
        )
        assert (report.source, report.stage, report.state, report.episode) == (
            "import",
            "physical",
            "reported",
            use,
        )
        assert report.reported_at == datetime(2020, 3, 2, 3, 30, tzinfo=UTC)
        assert (report.occurred_on, report.occurred_precision) == (date(2020, 3, 1), "day")
        assert report.recorded_at == now

    @pytest.mark.parametrize(
        ("when", "on", "precision"), [("2015-07", date(2015, 7, 1), "month"), ("2015", None, "unknown")]
    )
    def test_a_vague_date_stays_vague(self, take: Take, when: str, on: date | None, precision: str) -> None:
        take(condition("c1", "Drug overdose", when))
        report = RelapseReport.objects.get()
        assert (report.occurred_on, report.occurred_precision) == (on, precision)

    def test_an_overdose_today_is_not_reported_in_the_future(self, take: Take, now: datetime) -> None:
        take(condition("c1", "Drug overdose", "2026-03-11"))
        assert RelapseReport.objects.get().reported_at <= now

    def test_stays_and_counseling_become_episodes_from_import(self, take: Take) -> None:
        take(stay("e2", "2020-03-10", "2020-03-20"), care_plan("p1", "2020-04-01", "2020-09-01"))
        episodes = EpisodeOfCare.objects.order_by("admitted_on")
        assert [
            (one.admitted_on, one.discharged_on, one.discharge_reason, one.source) for one in episodes
        ] == [
            (date(2020, 3, 10), date(2020, 3, 20), "other", "import"),
            (date(2020, 4, 1), date(2020, 9, 1), "other", "import"),
        ]
        assert Client.objects.get().summary.first_admitted_on == date(2020, 3, 10)

    def test_a_substance_that_the_catalogue_lacks_refuses_the_file(self, take: Take) -> None:
        apps.get_model("clients", "Substance").objects.filter(key="alcohol").update(key="spirits")
        with pytest.raises(InvalidInput, match="which is not in the catalogue"):
            take(condition("c1", "Alcoholism"))
        assert not Client.objects.exists()


class TestNothingFollows:
    def test_history_starts_no_plan_no_message_and_no_to_do(self, take: Take, sam: Any) -> None:
        take(*full_history(), by=sam)
        assert RelapseReport.objects.count() == 1
        assert not FollowUpPlan.objects.exists()
        assert not Message.objects.exists()
        assert not ToDo.objects.exists()
        assert mail.outbox == []

    def test_history_never_sets_the_stage(self, take: Take) -> None:
        take(*full_history())
        assert Client.objects.get().summary.stage == ""
        assert not StageTransition.objects.exists()

    def test_an_overdose_of_yesterday_starts_nothing_either(self, take: Take) -> None:
        take(overdose("e1", "2026-03-10T14:00:00+00:00"))
        summary = Client.objects.get().summary
        assert (summary.stage, summary.plan_state) == ("", "")
        assert not Message.objects.exists()

    def test_a_running_plan_is_left_alone(self, take: Take, now: datetime) -> None:
        take(patient())
        client = Client.objects.get()
        report_relapse(client_id=client.pk, stage="mental", source="self_session", by=None, now=now)
        before = (FollowUpPlan.objects.get().state, Message.objects.count(), ToDo.objects.count())
        take(overdose("e1", "2026-03-10T14:00:00+00:00"))
        assert (FollowUpPlan.objects.get().state, Message.objects.count(), ToDo.objects.count()) == before


class TestDeath:
    def test_somebody_who_has_died_arrives_as_deceased_without_a_to_do(self, take: Take) -> None:
        take(patient(deceasedDateTime="2021-01-01T03:00:00Z"), *full_history())
        client = Client.objects.get()
        assert (client.state, client.state_on) == ("deceased", date(2020, 12, 31))
        assert RelapseReport.objects.count() == 1
        assert not ToDo.objects.exists()
        assert not Message.objects.exists()

    def test_a_death_without_a_day_is_dated_today(self, take: Take, now: datetime) -> None:
        take(patient(deceasedBoolean=True))
        assert (Client.objects.get().state, Client.objects.get().state_on) == ("deceased", date(2026, 3, 11))

    def test_a_death_that_is_news_stops_what_runs_and_tells_the_supervisor(
        self, take: Take, now: datetime, sam: Any
    ) -> None:
        take(patient())
        outcome = take(patient(deceasedDateTime="2026-03-09"))
        assert Client.objects.get().state == "deceased"
        assert [todo.kind for todo in ToDo.objects.all()] == ["death_review"]
        assert outcome.created == {"death": 1}

    def test_further_history_of_somebody_deceased_is_set_aside(self, take: Take, now: datetime) -> None:
        take(patient())
        record_death(client_id=Client.objects.get().pk, on=date(2026, 3, 1), by=None, now=now)
        outcome = take(patient(deceasedDateTime="2026-03-01"), overdose("e1"))
        assert outcome.set_aside["use of somebody already on record as deceased"] == 1
        assert not RelapseReport.objects.exists()

    def test_somebody_on_record_as_deceased_does_not_come_back_to_life(
        self, take: Take, now: datetime
    ) -> None:
        take(patient(deceasedDateTime="2021-01-01"))
        take(patient())
        assert Client.objects.get().state == "deceased"


class TestAgain:
    def test_a_second_import_changes_nothing(self, take: Take, sam: Any, now: datetime) -> None:
        take(*full_history(), by=sam)
        before = everything()
        outcome = take(*full_history(), by=sam, at=now.replace(hour=18))
        assert everything() == before
        assert not outcome.created
        assert outcome.matched == {"client": 1, "substance": 1, "use": 1, "episode": 2}

    def test_a_later_export_adds_what_is_new(self, take: Take) -> None:
        take(*full_history())
        outcome = take(
            *full_history(), overdose("e9", "2021-05-05T10:00:00Z"), condition("c9", "Cocaine abuse")
        )
        assert outcome.created == {"use": 1, "substance": 1}
        assert RelapseReport.objects.count() == 2

    def test_what_the_counselor_corrected_stays(self, take: Take, now: datetime) -> None:
        take(patient())
        client = Client.objects.get()
        actions.update_client(client_id=client.pk, by=None, now=now, chosen_name="Lex", language="es")
        take(patient(birthDate="1990-01-01"))
        client.refresh_from_db()
        assert (client.chosen_name, client.language, client.date_of_birth) == ("Lex", "es", date(1984, 4, 10))

    def test_stays_that_a_later_export_joins_to_a_known_one_are_not_added_again(self, take: Take) -> None:
        take(stay("e2", "2020-03-10", "2020-03-20"))
        outcome = take(stay("e2", "2020-03-10", "2020-03-20"), stay("e3", "2020-03-20", "2020-03-22"))
        assert EpisodeOfCare.objects.count() == 1
        assert outcome.matched["episode"] == 1

    def test_every_part_of_a_joined_episode_is_known_by_name(self, take: Take) -> None:
        take(stay("e2", "2020-03-10", "2020-03-20"), stay("e3", "2020-03-20", "2020-03-22"))
        refs = ExternalRef.objects.filter(kind="episode").order_by("external_id")
        assert [(ref.external_id, ref.target_id) for ref in refs] == [
            ("Encounter/e2", EpisodeOfCare.objects.get().pk),
            ("Encounter/e3", EpisodeOfCare.objects.get().pk),
        ]

    def test_the_database_allows_one_record_per_name(self, take: Take, now: datetime) -> None:
        take(patient())
        ref = ExternalRef.objects.get()
        with pytest.raises(IntegrityError, match="one_record_per_external_name"), transaction.atomic():
            ExternalRef.objects.create(
                client=ref.client,
                kind="client",
                system=ref.system,
                external_id="MR-77",
                target_id=1,
                imported_at=now,
            )


class TestTrail:
    def test_the_import_and_all_it_made_are_on_the_trail(self, take: Take, sam: Any) -> None:
        take(*full_history(), by=sam)
        rows = list(AuditEvent.objects.order_by("pk").values_list("verb", "actor_id"))
        assert {actor for _verb, actor in rows} == {sam.pk}
        verbs = [verb for verb, _actor in rows]
        for verb in (
            "client.registered",
            "contact.added",
            "substance.recorded",
            "client.admitted",
            "relapse.reported",
        ):
            assert verb in verbs
        assert verbs[-1] == "import.file"
        detail = AuditEvent.objects.get(verb="import.file").detail
        assert detail["created"] == {"client": 1, "contact point": 1, "substance": 1, "use": 1, "episode": 2}

    def test_the_trail_holds_no_name(self, take: Take) -> None:
        take(*full_history())
        assert "Rivera" not in str(list(AuditEvent.objects.values_list("detail", flat=True)))

    @pytest.mark.parametrize("who", ["dana", "ada", "audrey"])
    def test_only_a_supervisor_may_import(self, take: Take, request: Any, who: str) -> None:
        with pytest.raises(NotAllowed):
            take(patient(), by=request.getfixturevalue(who))
        assert not Client.objects.exists()

    def test_when_the_trail_cannot_be_written_nothing_is_imported(
        self, take: Take, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def broken(verb: str, **kwargs: Any) -> None:
            if verb == "import.file":
                raise RuntimeError("no trail")

        monkeypatch.setattr("clients.audit.record", broken)
        with pytest.raises(RuntimeError, match="no trail"):
            take(*full_history())
        assert not Client.objects.exists()
        assert not ExternalRef.objects.exists()


def test_every_field_of_a_reference_is_classified() -> None:
    fields = {field.name for field in ExternalRef._meta.concrete_fields}
    assert fields == set(ExternalRef.CLASSES)
    assert set(ExternalRef.CLASSES.values()) <= {IDENTIFYING, CLINICAL, OPERATIONAL}


def test_a_reference_is_seen_by_whoever_sees_the_client(
    take: Take, sam: Any, robin: Any, now: datetime
) -> None:
    take(patient())
    assert ExternalRef.objects.visible_to(sam, at=now).count() == 1
    assert ExternalRef.objects.visible_to(robin, at=now).count() == 0
