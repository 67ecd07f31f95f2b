"""The demo's ports on the loopback address."""

import contextlib
import socket
from collections.abc import Mapping

from casework.local.errors import LocalError

HOST = "127.0.0.1"
HIGHEST = 65535


def wanted(environ: Mapping[str, str]) -> int:
    """Return the port for the pages, from PORT. Raises LocalError for what is no port."""
    text = environ.get("PORT") or "8000"
    if not text.isdigit() or not 0 < int(text) <= HIGHEST:
        raise LocalError(f"PORT must be a number from 1 to {HIGHEST}, not {text!r}.")
    return int(text)


def listen(port: int) -> socket.socket:
    """Return the listening socket that web takes over. Raises LocalError when the port is taken."""
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((HOST, port))
    except OSError as error:
        listener.close()
        other = 8080 if port == 8000 else 8000
        raise LocalError(
            f"Port {port} cannot be used ({error.strerror}). Choose another:  make demo PORT={other}"
        ) from error
    listener.listen(128)
    return listener


def free(first: int, *, count: int = 1) -> list[int]:
    """Return `count` ports that are free now, counting up from `first`. Raises LocalError when there are none."""
    found: list[int] = []
    for port in range(first, min(first + 200, HIGHEST)):
        with contextlib.suppress(OSError):
            listen_briefly(port)
            found.append(port)
        if len(found) == count:
            return found
    raise LocalError(f"No {count} ports are free between {first} and {first + 200}. Choose another PORT.")


def listen_briefly(port: int) -> None:
    """Bind the port and let go of it. Raises OSError when it is taken."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind((HOST, port))
