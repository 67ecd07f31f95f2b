"""PostgreSQL refuses root; which identity is tried, and which is taken."""

import os
import stat
from pathlib import Path

import pytest

from casework.local import identity
from casework.local.errors import LocalError
from casework.local.identity import NOBODY, Identity

SHELL = Path("/bin/sh")


def names(found: list[Identity]) -> list[str]:
    return [each.name for each in found]


def test_an_ordinary_user_runs_it_as_themselves():
    found = identity.identities(uid=1000, has_name=True)
    assert found == [Identity("as yourself", (), 1000)]


def test_a_user_without_a_name_borrows_one_in_a_user_namespace():
    found = identity.identities(uid=4321, has_name=False)
    assert names(found) == ["in a user namespace"]
    assert found[0].owner == 4321


def test_root_tries_a_user_namespace_first_and_then_steps_down_to_nobody():
    found = identity.identities(uid=0, has_name=True)
    assert names(found) == ["in a user namespace", "as nobody"]
    assert [each.owner for each in found] == [0, NOBODY]


def test_nobody_keeps_the_right_to_open_folders_that_only_root_may_read():
    lowered = identity.identities(uid=0, has_name=True)[1]
    assert "--ambient-caps=+dac_override" in lowered.prefix
    assert "--clear-groups" in lowered.prefix


def test_the_first_identity_that_works_is_taken():
    candidates = identity.identities(uid=0, has_name=True)
    chosen = identity.choose(candidates, lambda each: each.name == "as nobody")
    assert chosen is candidates[1]


def test_when_none_works_the_message_names_both_ways_out():
    with pytest.raises(LocalError, match=r"ordinary user.*DATABASE_URL") as caught:
        identity.choose(identity.identities(uid=0, has_name=True), lambda each: False)
    assert "REDIS_URL" in str(caught.value)


def test_a_trial_fails_for_an_identity_that_is_refused(tmp_path):
    assert not identity.trial(program=SHELL, folder=tmp_path)(Identity("refused", ("false",), os.geteuid()))


def test_a_trial_fails_for_an_identity_that_is_still_root(tmp_path):
    still_root = Identity("root in a namespace", ("unshare", "--user", "--map-root-user", "--"), os.geteuid())
    assert not identity.trial(program=SHELL, folder=tmp_path)(still_root)


def test_a_trial_fails_when_the_tool_is_not_installed(tmp_path):
    works = identity.trial(program=SHELL, folder=tmp_path)
    assert not works(Identity("missing", ("no-such-tool-here",), os.geteuid()))


def test_a_trial_fails_when_the_folder_cannot_be_written(tmp_path):
    works = identity.trial(program=SHELL, folder=tmp_path / "missing")
    assert not works(Identity("as yourself", (), os.geteuid()))


def test_this_machine_offers_an_identity_that_works(tmp_path):
    from casework.local.postgres import find_binaries

    chosen = identity.mine(program=find_binaries().postgres, folder=tmp_path)
    assert chosen in identity.identities(uid=os.geteuid(), has_name=identity.has_name(os.geteuid()))


def test_a_user_id_without_an_entry_has_no_name():
    assert identity.has_name(0)
    assert not identity.has_name(3_999_999_999)


def test_root_gives_a_folder_made_under_one_identity_to_another_with_all_in_it(tmp_path, monkeypatch):
    given: list[tuple[str, int]] = []
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(os, "chown", lambda path, uid, gid, **options: given.append((Path(path).name, uid)))
    folder = tmp_path / "data"
    (folder / "base").mkdir(parents=True)
    (folder / "base" / "1").write_text("row")
    identity.give(folder, Identity("as nobody", (), NOBODY))
    assert sorted(given[:-1]) == [("1", NOBODY), ("base", NOBODY)]
    assert given[-1] == ("data", NOBODY), "last, so that a change cut short is begun anew"


def test_a_folder_that_has_its_owner_already_is_left_alone(tmp_path, monkeypatch):
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(os, "chown", lambda *words, **options: pytest.fail("nothing to give"))
    identity.give(tmp_path, Identity("in a user namespace", (), tmp_path.stat().st_uid))


def test_giving_changes_no_modes(tmp_path):
    folder = tmp_path / "data"
    folder.mkdir(mode=0o700)
    identity.give(folder, Identity("as yourself", (), os.geteuid()))
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
