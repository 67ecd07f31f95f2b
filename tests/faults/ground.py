"""A PostgreSQL of its own for each stack: a fault may stop it, kill it, replace it, or fill its disk."""

import contextlib
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import quote

import psycopg

from casework.local import children, identity, postgres
from casework.local.places import ROOT

# No machine loses its power here, so nothing needs to reach the disk; a commit that was answered still stands.
OPTIONS = ("fsync=off", "full_page_writes=off", "max_wal_senders=6", "wal_keep_size=64MB")


class Ground:
    """A server whose data live in `folder`; clients reach it at `link`, which may be led to another one."""

    def __init__(self, folder: Path, *, database: str = postgres.DATABASE) -> None:
        self.folder, self.database = folder, database
        self.base, self.socket, self.link = folder / "pg", folder / "p", folder / "db"
        for each in (self.base, self.socket):
            each.mkdir(parents=True, exist_ok=True)
        self.server: postgres.Postgres | None = None
        self.lead_to(self.socket)

    @classmethod
    def fresh(cls, folder: Path) -> "Ground":
        """A new cluster with the schema of this code in it."""
        ground = cls(folder)
        ground.start()
        env = {**os.environ, "DATABASE_URL": ground.url(postgres.OWNER)}
        subprocess.run(
            [sys.executable, "manage.py", "migrate", "--verbosity", "0"], cwd=ROOT, env=env, check=True
        )
        return ground

    @classmethod
    def copy_of(cls, origin: "Ground", folder: Path) -> "Ground":
        """The same data in a server of its own; `origin` must be stopped."""
        ground = cls(folder, database=origin.database)
        ground.base.rmdir()
        shutil.copytree(origin.base, ground.base, symlinks=True)
        ground.give()
        ground.start()
        return ground

    @classmethod
    def backup_of(cls, socket: str, folder: Path, *, database: str, user: str = postgres.ADMIN) -> "Ground":
        """A server of its own from the backup of a running one."""
        ground = cls(folder, database=database)
        ground.take_backup(socket, user=user)
        ground.start()
        return ground

    def take_backup(self, socket: str, *, user: str = postgres.ADMIN, standby: bool = False) -> None:
        """Fill the data folder from the server at `socket`; as a standby it will follow that one."""
        binaries = postgres.find_binaries()
        home = self.base / f"pg{binaries.major}"
        home.mkdir(mode=0o700, parents=True, exist_ok=True)
        command = [str(binaries.folder / "pg_basebackup"), "-h", socket, "-U", user, "-D", str(home / "data")]
        subprocess.run(
            [*command, "-c", "fast", "-X", "stream", *(["-R"] if standby else [])],
            check=True,
            capture_output=True,
        )
        self.give()

    def give(self) -> None:
        """Let the server's identity own what we copied."""
        binaries = postgres.find_binaries()
        home = self.base / f"pg{binaries.major}"
        who = identity.mine(program=binaries.postgres, folder=home)
        if os.geteuid() == 0:
            subprocess.run(["chown", "-R", str(who.owner), str(home)], check=True)

    # --- running ----------------------------------------------------------------------------------------------------

    def start(self, *options: str) -> None:
        """Start, or start again after whatever happened."""
        self.server = postgres.start(base=self.base, socket=self.socket, options=(*OPTIONS, *options))

    def start_standby(self, *options: str) -> None:
        """Start a server that takes no writes: nothing is prepared in it."""
        real = postgres.prepare
        postgres.prepare = lambda server: None
        try:
            self.start(*options)
        finally:
            postgres.prepare = real

    def ask_to_stop(self, number: signal.Signals) -> None:
        """SIGINT: fast. SIGQUIT: immediate, as after a crash. SIGKILL: the whole server is gone."""
        assert self.server is not None
        child = self.server.child
        if number is signal.SIGKILL:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(child.pid, number)
        else:
            child.send_signal(number)
        with contextlib.suppress(subprocess.TimeoutExpired):
            child.wait(timeout=30)
        children.stop(child, patience=1)
        self.server = None

    def stop(self) -> None:
        if self.server is not None:
            self.server.stop()
            self.server = None

    def lead_to(self, socket: Path) -> None:
        """Where clients find the database: what a virtual address does."""
        half = self.link.with_name("db.new")
        half.unlink(missing_ok=True)
        half.symlink_to(socket)
        half.replace(self.link)

    def promote(self) -> None:
        """Make a standby the primary and wait until it is."""
        with self.connect(postgres.ADMIN, "postgres") as admin:
            admin.execute("SELECT pg_promote(true, 60)")

    # --- reaching it ------------------------------------------------------------------------------------------------

    def url(self, role: str = postgres.APP, database: str = "") -> str:
        return f"postgres://{role}@{quote(str(self.link), safe='')}/{database or self.database}"

    def connect(self, role: str = postgres.OWNER, database: str = "") -> psycopg.Connection:
        return psycopg.connect(
            host=str(self.socket), user=role, dbname=database or self.database, autocommit=True
        )

    def tool(self, name: str, *words: str) -> Sequence[str]:
        """A PostgreSQL program and its words, as the owner of the database."""
        binaries = postgres.find_binaries()
        return [str(binaries.folder / name), "-h", str(self.socket), "-U", postgres.OWNER, *words]
