"""Under which identity PostgreSQL, which refuses to run as root, can run here."""

import os
import pwd
import subprocess
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from casework.local.errors import LocalError

NOBODY = 65534


@dataclass(frozen=True)
class Identity:
    """A prefix for a command line, and who its files belong to as seen from outside."""

    name: str
    prefix: tuple[str, ...]
    owner: int


def identities(*, uid: int, has_name: bool) -> list[Identity]:
    """Return what is worth trying for this user, best first.

    initdb wants a uid that is not 0 and that has a name; 65534 (nobody) has one everywhere.
    """
    if uid != 0 and has_name:
        return [Identity("as yourself", (), uid)]
    mapped = Identity(
        "in a user namespace",
        ("unshare", "--user", f"--map-user={NOBODY}", f"--map-group={NOBODY}", "--"),
        uid,
    )
    if uid != 0:
        return [mapped]
    # Containers often close user namespaces to root. Nobody may then open any folder, as root may, and only that.
    lowered = Identity(
        "as nobody",
        (
            "setpriv",
            "--securebits=+no_setuid_fixup",
            f"--reuid={NOBODY}",
            f"--regid={NOBODY}",
            "--clear-groups",
            "--inh-caps=+dac_override",
            "--ambient-caps=+dac_override",
            "--",
        ),
        NOBODY,
    )
    return [mapped, lowered]


Trial = Callable[[Identity], bool]


def choose(candidates: Sequence[Identity], works: Trial) -> Identity:
    """Return the first identity that works here. Raises LocalError when none does."""
    for identity in candidates:
        if works(identity):
            return identity
    raise LocalError(
        "PostgreSQL refuses to run as root or as a user without a name, and neither a user namespace nor "
        "another identity is allowed here. Run this as an ordinary user, or set DATABASE_URL and REDIS_URL."
    )


def trial(*, program: Path, folder: Path) -> Trial:
    """Return a check that an identity is not root, may run `program` and may write into `folder`."""

    def works(identity: Identity) -> bool:
        question = (
            'test "$(id -u)" != 0 && id -un && test -x "$1" && test -w "$2" && test -x "$2" && "$1" --version'
        )
        try:
            give(folder, identity)
            done = subprocess.run(
                [*identity.prefix, "sh", "-c", question, "sh", str(program), str(folder)],
                stdin=subprocess.DEVNULL,
                capture_output=True,
                cwd="/",
                timeout=20,
                check=False,
            )
        except (OSError, subprocess.TimeoutExpired):
            return False
        return done.returncode == 0

    return works


def give(folder: Path, identity: Identity) -> None:
    """Make a folder and all in it belong to the identity; only root ever needs to."""
    if os.geteuid() != 0 or folder.stat().st_uid == identity.owner:
        return
    for parent, folders, files in os.walk(folder):
        for name in (*folders, *files):
            os.chown(Path(parent, name), identity.owner, -1, follow_symlinks=False)
    os.chown(folder, identity.owner, -1)  # last: a change cut short starts over


def mine(*, program: Path, folder: Path) -> Identity:
    """Return the identity under which `program` can run here with its data in `folder`."""
    uid = os.geteuid()
    return choose(identities(uid=uid, has_name=has_name(uid)), trial(program=program, folder=folder))


def has_name(uid: int) -> bool:
    """Tell whether the system knows a name for the user."""
    try:
        pwd.getpwuid(uid)
    except KeyError:
        return False
    return True
