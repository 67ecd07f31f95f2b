"""The demo's secrets."""

import base64

from casework.local.keys import demo_keys, write_private


def test_keys_are_made_once_and_kept(tmp_path):
    first = demo_keys(tmp_path / "keys.json")
    assert demo_keys(tmp_path / "keys.json") == first
    assert demo_keys(tmp_path / "other.json") != first


def test_the_field_key_is_one_that_the_record_can_use(tmp_path):
    keys = demo_keys(tmp_path / "keys.json")
    assert len(base64.urlsafe_b64decode(keys["FIELD_KEYS"])) == 32
    assert len(keys["SECRET_KEY"]) >= 50


def test_only_the_owner_reads_them(tmp_path):
    demo_keys(tmp_path / "keys.json")
    assert (tmp_path / "keys.json").stat().st_mode & 0o077 == 0


def test_a_file_is_replaced_as_a_whole_and_stays_private(tmp_path):
    path = tmp_path / "file"
    path.write_text("old")
    path.chmod(0o644)
    (tmp_path / "file.new").write_text("left by a crash")
    write_private(path, "new")
    assert path.read_text() == "new"
    assert path.stat().st_mode & 0o077 == 0
    assert not (tmp_path / "file.new").exists()
