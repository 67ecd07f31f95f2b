"""A stand-in for the practice that starts in no time, so that the demo's supervisor can be tested alone."""

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

from casework import local

MANAGE = """
import http.server, os, sys, time, psycopg
word = sys.argv[1]
if word == os.environ.get("FAIL"):
    sys.exit("it went wrong here")
with psycopg.connect(os.environ["DATABASE_URL"]) as db:
    if word == "migrate":
        db.execute("CREATE TABLE IF NOT EXISTS migrated (as_role text)")
        db.execute("INSERT INTO migrated VALUES (current_user)")
    elif word == "demo_practice":
        row = db.execute("SELECT as_role, current_user FROM migrated").fetchone()
        print("migrated as", row[0], "loaded as", row[1], flush=True)
if word == "watch":
    time.sleep(600)
if word == "sandbox":
    class Phone(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.end_headers()
    http.server.HTTPServer(("127.0.0.1", int(os.environ["SANDBOX_URL"].rpartition(":")[2])), Phone).serve_forever()
"""
WSGI = """
import os
def application(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [str(os.getpid()).encode()]
"""
CELERY = """
import os
from celery import Celery
url = os.environ["REDIS_URL"].replace("unix://", "redis+socket://").replace("?db=", "?virtual_host=")
app = Celery("casework", broker=url)
app.conf.broker_connection_retry_on_startup = True
"""


class SmallPractice:
    """A folder with our supervisor and a stand-in for everything else."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.output = root / "output.txt"
        room = root / "casework"
        shutil.copytree(
            Path(local.__file__).parent, room / "local", ignore=shutil.ignore_patterns("__pycache__")
        )
        (room / "__init__.py").touch()
        (room / "wsgi.py").write_text(WSGI)
        (room / "celery.py").write_text(CELERY)
        (root / "manage.py").write_text(MANAGE)

    def log(self, name: str) -> str:
        return (self.root / "var" / "demo" / f"{name}.log").read_text()

    @property
    def said(self) -> str:
        return self.output.read_text()

    def start(self, *, port: int, **extra: str) -> subprocess.Popen[bytes]:
        """Start the demo in this folder, as a newcomer would: with no servers but those that `extra` names."""
        inherited = {
            name: value
            for name, value in os.environ.items()
            if name not in {"DATABASE_URL", "REDIS_URL", "DJANGO_SETTINGS_MODULE", "PYTHONPATH"}
        }
        with self.output.open("wb") as output:
            return subprocess.Popen(
                [sys.executable, "-m", "casework.local.demo"],
                cwd=self.root,
                env={**inherited, "PORT": str(port), **extra},
                stdout=output,
                stderr=subprocess.STDOUT,
            )

    def ready(self, demo: subprocess.Popen[bytes], *, within: float = 90) -> None:
        self.until(lambda: "Ready after" in self.said or demo.poll() is not None, within=within)
        assert demo.poll() is None, self.said

    def until(self, true, *, within: float = 30) -> None:
        give_up = time.monotonic() + within
        while not true():
            assert time.monotonic() < give_up, self.said
            time.sleep(0.1)

    def stop(self, demo: subprocess.Popen[bytes]) -> None:
        if demo.poll() is None:
            demo.send_signal(signal.SIGINT)
        demo.wait(timeout=60)


def descendants(pid: int) -> set[int]:
    """Return the processes that this one has started, and those that they have."""
    found: set[int] = set()
    for path in Path("/proc").glob("[0-9]*/task/*/children"):
        try:
            if int(path.parts[2]) == pid:
                children = {int(word) for word in path.read_text().split()}
                found |= children.union(*(descendants(child) for child in children))
        except (FileNotFoundError, ProcessLookupError):
            continue
    return found


def command_of(pid: int) -> str:
    """Return the command line of a process, or nothing when it has just ended."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_text().replace("\0", " ")
    except (FileNotFoundError, ProcessLookupError):
        return ""


def alive(pids: set[int]) -> set[int]:
    """Return those that run; one that nobody has buried yet does not."""
    found = set()
    for pid in pids:
        try:
            state = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
        except (FileNotFoundError, ProcessLookupError):
            continue
        if state != "Z":
            found.add(pid)
    return found
