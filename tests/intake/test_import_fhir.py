"""manage.py import_fhir, as the operator sees it."""

import io
import json
import os
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import OperationalError

from casework.followup.models import Message, ToDo
from casework.intake.progress import Bar
from casework.relapse.models import RelapseReport
from clients.errors import InvalidInput
from clients.models import AuditEvent, Client, EpisodeOfCare, Team

from .bundles import bundle, care_plan, condition, overdose, patient, write
from .test_import_facts import everything

pytestmark = pytest.mark.django_db
SAMPLES = os.environ.get("TURNAROUND_SAMPLE_BUNDLES", "")


@pytest.fixture
def oak(team: Team) -> Team:
    team.name = "Oak"
    team.save()
    return team


def person(number: int, *resources: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """A bundle about one of several people."""
    identifier = [{"system": "https://ehr.example", "value": f"MR-{number}"}]
    someone = patient(
        identifier=identifier, name=[{"given": [f"Person{number}"], "family": "Test"}], **changes
    )
    return bundle(someone, *resources)


def run(*arguments: Any, fails: bool = False) -> tuple[str, str]:
    """What it said on each channel; it must end with 0, or with 1 when files failed."""
    out, err = io.StringIO(), io.StringIO()
    if fails:
        with pytest.raises(SystemExit) as left:
            call_command("import_fhir", *map(str, arguments), stdout=out, stderr=err, no_color=True)
        assert left.value.code == 1
    else:
        call_command("import_fhir", *map(str, arguments), stdout=out, stderr=err, no_color=True)
    return out.getvalue(), err.getvalue()


def test_a_folder_is_imported_and_summed_up(tmp_path: Path, oak: Team) -> None:
    write(tmp_path, person(1, overdose("e1"), condition("c1", "Alcoholism")), "one.json")
    write(tmp_path, person(2, care_plan("p2"), {"resourceType": "Claim", "id": "k"}), "two.json.gz")
    said, complained = run("--team", "oak", tmp_path)
    assert "one.json: created 1 client, 1 contact point, 1 substance, 1 use\n" in said
    assert "2 of 2 files imported into Oak.\n" in said
    assert "  created: 2 clients, 2 contact points, 1 episode, 1 substance, 1 use\n" in said
    assert "  ignored: 1 Claim\n" in said
    assert complained == ""
    assert Client.objects.filter(team=oak).count() == 2


def test_the_second_run_changes_nothing_and_says_so(tmp_path: Path, oak: Team) -> None:
    path = write(tmp_path, person(1, overdose("e1")))
    run("--team", "Oak", path)
    before = everything()
    said, _complained = run("--team", "Oak", path)
    assert "alex.json: known already: 1 client, 1 use\n" in said
    assert "  matched, left as they are: 1 client, 1 use\n" in said
    assert "created" not in said
    assert everything() == before


def test_a_dry_run_tells_what_would_happen_and_changes_nothing(tmp_path: Path, oak: Team) -> None:
    write(tmp_path, person(1, overdose("e1"), {"resourceType": "Claim", "id": "k"}), "one.json")
    write(tmp_path, person(2, overdose("e2"), condition("c", "Alcoholism", subject=None)), "two.json")
    before, trail = everything(), AuditEvent.objects.count()
    said, _complained = run("--team", "Oak", "--dry-run", tmp_path)
    assert "one.json: would create 1 client, 1 contact point, 1 use\n  ignored: 1 Claim\n" in said
    assert (
        "two.json: would create 1 client, 1 contact point, 1 use\n  set aside: 1 about somebody else\n"
        in said
    )
    assert "2 of 2 files would be imported into Oak.\n  would be created: 2 clients" in said
    assert everything() == before
    assert AuditEvent.objects.count() == trail


def test_after_a_dry_run_the_real_one_does_what_was_told(tmp_path: Path, oak: Team) -> None:
    path = write(tmp_path, person(1, overdose("e1"), care_plan("p1")))
    told, _ = run("--team", "Oak", "--dry-run", path)
    did, _ = run("--team", "Oak", path)
    assert told.splitlines()[0].replace("would create", "created") == did.splitlines()[0]


def test_a_broken_file_is_named_and_the_others_still_come_in(tmp_path: Path, oak: Team) -> None:
    write(tmp_path, person(1), "a.json")
    write(tmp_path, '{"resourceType": "Bundle", "entry": [', "b.json")
    write(tmp_path, person(3, condition("c", "Alcoholism", clinicalStatus="active")), "c.json")
    write(tmp_path, person(4), "d.json")
    said, complained = run("--team", "Oak", tmp_path, fails=True)
    assert "2 of 4 files imported into Oak." in said
    assert "b.json: not imported. The JSON is cut off at line 1. Copy it again.\n" in complained
    assert "c.json: not imported. The bundle is FHIR STU3, not R4" in complained
    assert "2 not imported: b.json, c.json\n" in complained
    assert sorted(Client.objects.values_list("given_name", flat=True)) == ["Person1", "Person4"]


def test_no_file_is_imported_by_half(tmp_path: Path, oak: Team, monkeypatch: pytest.MonkeyPatch) -> None:
    """The last fact of the second file fails in the database."""
    real = EpisodeOfCare.objects.create

    def refuse(**fields: Any) -> EpisodeOfCare:
        if fields["client"].given_name == "Person2":
            raise OperationalError("the disk is full")
        return real(**fields)

    monkeypatch.setattr(EpisodeOfCare.objects, "create", refuse)
    write(tmp_path, person(1, care_plan("p1")), "a.json")
    write(tmp_path, person(2, overdose("e2"), condition("c2", "Alcoholism"), care_plan("p2")), "b.json")
    write(tmp_path, person(3, care_plan("p3")), "c.json")
    _said, complained = run("--team", "Oak", tmp_path, fails=True)
    assert "b.json: not imported. The database declined it (OperationalError). Import it again." in complained
    assert sorted(Client.objects.values_list("given_name", flat=True)) == ["Person1", "Person3"]
    assert not RelapseReport.objects.exists()


def test_what_the_record_declines_is_said_in_its_words(
    tmp_path: Path, oak: Team, monkeypatch: pytest.MonkeyPatch
) -> None:
    def decline(**facts: Any) -> None:
        raise InvalidInput("A given name is needed.")

    monkeypatch.setattr("clients.actions.register_client", decline)
    _said, complained = run("--team", "Oak", write(tmp_path, person(1)), fails=True)
    assert "alex.json: not imported. The record declined it: A given name is needed." in complained


def test_a_file_over_the_limit_is_refused_by_size(tmp_path: Path, oak: Team) -> None:
    content = person(1, {"resourceType": "Claim", "id": "x" * 1_100_000})
    path = write(tmp_path, content, "big.json.gz")
    _said, complained = run("--team", "Oak", "--max-mb", 1, path, fails=True)
    assert "big.json.gz: not imported. The file unpacks to more than 1 MB." in complained
    said, complained = run("--team", "Oak", "--max-mb", 3, path)
    assert "1 of 1 files imported" in said, complained


def test_an_unknown_team_is_answered_with_those_there_are(tmp_path: Path, oak: Team) -> None:
    with pytest.raises(CommandError, match="There is no team “Elm”"):
        run("--team", "Elm", write(tmp_path, person(1)))


def test_a_team_must_be_named(tmp_path: Path, oak: Team) -> None:
    with pytest.raises(CommandError, match="--team"):
        run(write(tmp_path, person(1)))


def test_a_path_that_is_not_there_is_said_before_anything_is_done(tmp_path: Path, oak: Team) -> None:
    with pytest.raises(CommandError, match="no such file or folder"):
        run("--team", "Oak", write(tmp_path, person(1)), tmp_path / "nowhere")
    assert not Client.objects.exists()


def test_the_person_on_whose_behalf_it_is_done_stands_on_the_trail(
    tmp_path: Path, oak: Team, sam: Any
) -> None:
    run("--team", "Oak", "--by", sam.email.upper(), write(tmp_path, person(1)))
    assert AuditEvent.objects.get(verb="import.file").actor_id == sam.pk
    assert Client.objects.get().registered_by == sam


@pytest.mark.parametrize("who", ["dana", "ada", "audrey", None])
def test_nobody_who_may_not_import_is_accepted(
    tmp_path: Path, oak: Team, request: Any, who: str | None
) -> None:
    email = request.getfixturevalue(who).email if who else "nobody@example.org"
    with pytest.raises(CommandError, match="nobody who may import clients"):
        run("--team", "Oak", "--by", email, write(tmp_path, person(1)))


def test_a_site_may_bring_its_own_mapping(tmp_path: Path, oak: Team) -> None:
    shipped = json.loads((Path(__file__).parents[2] / "casework/intake/fhir/mapping.json").read_text("utf-8"))
    shipped["substances"] = [{"texts": ["Trinkerkrankheit*"], "substance": "alcohol"}]
    mapping = write(tmp_path, shipped, "ours.map")
    path = write(tmp_path, person(1, condition("c", "Trinkerkrankheit"), condition("d", "Alcoholism")))
    said, _complained = run("--team", "Oak", "--mapping", mapping, path)
    assert "created 1 client, 1 contact point, 1 substance\n" in said
    assert "ignored: 1 Condition" in said


@pytest.mark.parametrize(
    ("content", "reason"),
    [("{", "not valid JSON"), ('{"substances": []}', "lacks or misspells")],
)
def test_a_wrong_mapping_stops_before_anything_is_done(
    tmp_path: Path, oak: Team, content: str, reason: str
) -> None:
    mapping = write(tmp_path, content, "ours.map")
    with pytest.raises(CommandError, match=reason):
        run("--team", "Oak", "--mapping", mapping, write(tmp_path, person(1)))


def test_a_mapping_to_a_substance_that_is_not_there_is_refused(tmp_path: Path, oak: Team) -> None:
    shipped = json.loads((Path(__file__).parents[2] / "casework/intake/fhir/mapping.json").read_text("utf-8"))
    shipped["overdose"]["substance"] = "moonshine"
    mapping = write(tmp_path, shipped, "ours.map")
    with pytest.raises(CommandError, match="the catalogue lacks: moonshine"):
        run("--team", "Oak", "--mapping", mapping, write(tmp_path, person(1)))


def test_no_name_and_no_number_of_a_client_is_printed(tmp_path: Path, oak: Team) -> None:
    path = write(tmp_path, bundle(patient(), overdose("e1")), "file-7.json")
    said, complained = run("--team", "Oak", path)
    for private in ("Rivera", "Alex", "MR-77", "0142", "1984"):
        assert private not in said + complained


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_the_bar_draws_itself_on_a_terminal_only() -> None:
    terminal, log = Terminal(), io.StringIO()
    for stream in (terminal, log):
        bar = Bar(2, stream, label="Importing")
        bar.step("one.json")
        bar.step("two.json")
        bar.clear()
    assert "Importing" in terminal.getvalue()
    assert "1/2 one.json" in terminal.getvalue()
    assert f"{'█' * 30} 2/2 two.json" in terminal.getvalue()
    assert terminal.getvalue().endswith("\r\x1b[2K")
    assert log.getvalue() == ""


def test_a_bar_for_nothing_is_no_division_by_zero() -> None:
    terminal = Terminal()
    Bar(0, terminal, label="Importing").clear()
    assert terminal.getvalue() == ""


def sample_bundles_come_in_whole_and_only_once(oak: Team) -> None:
    said, complained = run("--team", "Oak", SAMPLES)
    assert complained == ""
    assert "25 of 25 files imported" in said
    assert Client.objects.count() == 25
    assert Client.objects.filter(state="deceased").count() == 16
    assert RelapseReport.objects.filter(source="import").count() == 52
    assert not ToDo.objects.exists()
    assert not Message.objects.exists()
    before = everything()
    assert "created" not in run("--team", "Oak", SAMPLES)[0]
    assert everything() == before


if SAMPLES:  # collected only where the bundles are: a test that cannot run is no test
    test_the_sample_bundles_come_in_whole_and_only_once = sample_bundles_come_in_whole_and_only_once
