"""Folders that are ours while we live."""

import os
import time

import pytest

from casework.local.errors import LocalError
from casework.local.places import Den, short_temporary_folder, sweep, take_lock


def age(path, *, seconds: float) -> None:
    then = time.time() - seconds
    os.utime(path, (then, then))


def test_a_den_is_private_and_goes_away(tmp_path):
    den = Den(tmp_path)
    assert den.path.stat().st_mode & 0o077 == 0
    assert den.folder("v").stat().st_mode & 0o077 == 0
    den.remove()
    assert not den.path.exists()


def test_the_path_leaves_room_for_a_socket():
    den = Den()
    assert len(str(den.path / "p" / ".s.PGSQL.5432")) < 107
    den.remove()


def test_a_deep_temporary_folder_is_passed_over(tmp_path):
    deep = tmp_path / ("d" * 100)
    deep.mkdir()
    short = short_temporary_folder([str(deep), "/tmp"])
    assert str(short) == "/tmp"


def test_without_a_short_writable_folder_the_message_names_the_setting():
    with pytest.raises(LocalError, match="TMPDIR"):
        short_temporary_folder(["/nowhere/at/all"])


def test_the_den_of_a_dead_owner_is_swept(tmp_path):
    dead = Den(tmp_path)
    dead._lock.close()  # as the kernel does for one who died
    age(dead.path, seconds=120)
    sweep(tmp_path)
    assert not dead.path.exists()


def test_the_den_of_a_living_owner_is_left_alone(tmp_path):
    living = Den(tmp_path)
    age(living.path, seconds=120)
    sweep(tmp_path)
    assert living.path.exists()
    living.remove()


def test_a_den_that_is_just_being_made_is_left_alone(tmp_path):
    young = tmp_path / "turnaround-young"
    young.mkdir()
    sweep(tmp_path)
    assert young.exists()


def test_other_folders_are_left_alone(tmp_path):
    other = tmp_path / "somebody"
    other.mkdir()
    age(other, seconds=1000)
    sweep(tmp_path)
    assert other.exists()


def test_a_lock_is_held_by_one(tmp_path):
    first = take_lock(tmp_path / "lock")
    assert first is not None
    assert take_lock(tmp_path / "lock") is None
    first.close()
    second = take_lock(tmp_path / "lock")
    assert second is not None
    second.close()
