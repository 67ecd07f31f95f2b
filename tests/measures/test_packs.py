"""Optional packs: off until the operator says for which use; the DAST-10 as the proof (clinical.md §2.0, §2.5)."""

import shutil
import sys
import tomllib
from importlib.metadata import EntryPoint
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from casework.measures import engine, packs
from casework.measures.models import PackInUse
from clients.errors import Conflict, InvalidInput, NotAllowed
from clients.models import AuditEvent
from tests.conftest import NOW
from tests.measures.conftest import DAY

PACK = Path(__file__).parents[2] / "packs" / "dast10"
POINT = EntryPoint("dast10", "turnaround_dast10", packs.GROUP)


@pytest.fixture
def install(monkeypatch):
    """Let some entry points be installed, and forget them afterwards."""
    monkeypatch.setattr(sys, "path", [*sys.path, str(PACK / "src")])

    def points(*found: EntryPoint):
        monkeypatch.setattr(packs, "entry_points", lambda group: [one for one in found if one.group == group])
        packs.installed.cache_clear()
        return packs.installed()

    yield points
    packs.installed.cache_clear()


@pytest.fixture
def dast10(install):
    return install(POINT)["dast10"].instruments["dast10"]


def yes_to(*items: int) -> dict[str, int]:
    return {str(n): int(n in items) for n in range(1, 11)}


EVERY = tuple(range(1, 11))


@pytest.mark.parametrize(
    ("yes", "total", "band"),
    [
        ((3,), 0, "none"),
        ((), 1, "low"),
        ((1, 3), 1, "low"),
        ((1, 2), 3, "moderate"),
        ((1, 2, 4, 5), 5, "moderate"),
        ((1, 2, 4, 5, 6), 6, "substantial"),
        (EVERY, 9, "severe"),
        (tuple(n for n in EVERY if n != 3), 10, "severe"),
    ],
)
def test_dast10_golden_rows(dast10, yes, total, band):
    found = engine.reckon(dast10, engine.checked(dast10, yes_to(*yes)))
    assert (found.scores["total"], found.bands["total"]) == (total, band)
    assert ("cut_off" in found.flags) is (total >= 3)


def test_the_pack_is_found_by_the_entry_point_that_its_project_declares():
    told = tomllib.loads((PACK / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert told["entry-points"][packs.GROUP] == {POINT.name: POINT.value}
    assert told["license"].startswith("LicenseRef-")


def test_the_pack_brings_its_licence_and_forbids_commercial_use(install):
    pack = install(POINT)["dast10"]
    assert pack.prohibits_commercial
    assert "non-commercial" in pack.licence
    assert "Skinner" in pack.instruments["dast10"].source
    assert pack.licence == (PACK / "LICENCE").read_text(encoding="utf-8")


@pytest.mark.django_db
def test_an_installed_pack_is_off_until_it_is_switched_on(install, give):
    install(POINT)
    assert "dast10" not in packs.usable(NOW)
    with pytest.raises(InvalidInput, match="not in use"):
        give("dast10", yes_to(1))
    packs.switch_on(name="dast10", use="clinical", by=None, now=NOW)
    assert give("dast10", yes_to(1, 2)).scored.bands == {"total": "moderate"}


@pytest.mark.django_db
def test_switched_off_nothing_is_given_and_what_was_given_stays(install, give):
    install(POINT)
    packs.switch_on(name="dast10", use="research", by=None, now=NOW)
    result = give("dast10", yes_to(1, 2))
    packs.switch_off(name="dast10", by=None, now=NOW + DAY)
    assert "dast10" in packs.usable(NOW)
    assert "dast10" not in packs.usable(NOW + DAY)
    assert packs.known(result.measure).title == "DAST-10"
    with pytest.raises(Conflict, match="not in use"):
        packs.switch_off(name="dast10", by=None, now=NOW + DAY)


@pytest.mark.django_db
def test_the_result_of_a_removed_pack_can_still_be_read(install, give, as_dana):
    install(POINT)
    packs.switch_on(name="dast10", use="clinical", by=None, now=NOW)
    result = give("dast10", yes_to(1, 2))
    shown = as_dana.get(f"/measures/{result.uid}/").content.decode()
    assert "Skinner" in shown
    assert "non-commercial" in shown
    install()
    shown = as_dana.get(f"/measures/{result.uid}/").content.decode()
    assert "not installed any more" in shown
    assert "blackouts" not in shown
    assert as_dana.get(f"/clients/{result.client.uid}/measures/").status_code == 200


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("name", "use", "field"),
    [("dast10", "commercial", "use"), ("dast10", "", "use"), ("who5", "clinical", "name")],
)
def test_a_use_that_the_licence_forbids_is_refused(install, name, use, field):
    install(POINT)
    with pytest.raises(InvalidInput) as error:
        packs.switch_on(name=name, use=use, by=None, now=NOW)
    assert error.value.field == field
    assert not PackInUse.objects.exists()


@pytest.mark.django_db
def test_only_who_manages_the_practice_switches_packs(install, dana, ada):
    install(POINT)
    with pytest.raises(NotAllowed):
        packs.switch_on(name="dast10", use="clinical", by=dana, now=NOW)
    packs.switch_on(name="dast10", use="clinical", by=ada, now=NOW)
    with pytest.raises(Conflict, match="already"):
        packs.switch_on(name="dast10", use="research", by=ada, now=NOW)
    with pytest.raises(NotAllowed):
        packs.switch_off(name="dast10", by=dana, now=NOW)
    assert AuditEvent.objects.get().detail == {"pack": "dast10", "use": "clinical"}


@pytest.mark.parametrize(
    ("file", "was", "becomes"),
    [
        ("pack.toml", 'title = "DAST-10"', ""),
        ("measures/dast10.toml", 'tier = "B"', 'tier = "A"'),
        ("measures/dast10.toml", 'key = "dast10"', 'key = "phq9"'),
        ("measures/dast10.toml", "range = [0, 10]", "range = [0, 9]"),
        ("LICENCE", None, None),
    ],
)
def test_a_broken_pack_is_left_out_and_takes_nothing_down(install, tmp_path, monkeypatch, file, was, becomes):
    copy = tmp_path / "turnaround_broken"
    shutil.copytree(PACK / "src" / "turnaround_dast10", copy)
    if was is None:
        (copy / file).unlink()
    else:
        text = (copy / file).read_text(encoding="utf-8")
        assert was in text
        (copy / file).write_text(text.replace(was, becomes), encoding="utf-8")
    monkeypatch.setattr(
        packs, "files", lambda name: copy if name == "turnaround_broken" else PACK / "src" / name
    )
    found = install(EntryPoint("broken", "turnaround_broken", packs.GROUP), POINT)
    assert set(found) == {"dast10"}


def test_a_pack_whose_package_is_gone_is_left_out(install):
    assert install(EntryPoint("gone", "turnaround_gone", packs.GROUP)) == {}


@pytest.mark.django_db
def test_the_command_shows_the_licence_and_asks_for_the_use(install, monkeypatch):
    install(POINT)
    asked = []
    monkeypatch.setattr("builtins.input", lambda prompt: asked.append(prompt) or " Clinical ")
    out = StringIO()
    call_command("measure_packs", stdout=out)
    call_command("measure_packs", "on", "dast10", stdout=out)
    call_command("measure_packs", stdout=out)
    call_command("measure_packs", "off", "dast10", stdout=out)
    said = out.getvalue()
    assert "clinical, research, education, commercial" in asked[0]
    assert said.index("off") < said.index("non-commercial") < said.index("is on, for: Clinical care")
    assert "Results on record stay" in said


@pytest.mark.django_db
def test_the_command_refuses_in_words(install):
    install(POINT)
    with pytest.raises(CommandError, match="forbids commercial"):
        call_command("measure_packs", "on", "dast10", "--use", "commercial")
    with pytest.raises(CommandError, match="No pack called"):
        call_command("measure_packs", "on", "who5")
    install()
    out = StringIO()
    call_command("measure_packs", stdout=out)
    assert "No pack is installed" in out.getvalue()
