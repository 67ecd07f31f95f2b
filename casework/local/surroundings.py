"""The environment variables that the demo's processes are given."""

import os
import secrets
from collections.abc import Mapping

from casework.local import ports
from casework.local.keys import demo_keys
from casework.local.places import HOME


def surroundings(port: int) -> dict[str, str]:
    """Return the demo's environment; what the caller has set wins, except what only this run knows."""
    sandbox, mail = ports.free(port + 1, count=2)
    defaults = {
        "DEMO": "1",
        "FOLLOWUP_FIRST_DELAY": "0",  # one wants to see the first message arrive
        "TIME_ZONE": "America/New_York",
        "EMAIL_URL": f"smtp://{ports.HOST}:{mail}",
        **demo_keys(HOME / "keys.json"),
    }
    this_run = {
        "PUBLIC_URL": f"http://{ports.HOST}:{port}",
        "RUN_ID": secrets.token_hex(8),
        "SANDBOX_URL": f"http://{ports.HOST}:{sandbox}",
        "SANDBOX_SMTP_PORT": str(mail),
        "SANDBOX_LEDGER": str(HOME / "sandbox"),
        "PYTHONDONTWRITEBYTECODE": "",
        "PYTHONUNBUFFERED": "1",
    }
    return {**defaults, **os.environ, **this_run}


def for_later_commands(env: Mapping[str, str]) -> dict[str, str]:
    """Return what a command needs to join the running demo: all that did not come from the caller."""
    return {name: value for name, value in env.items() if os.environ.get(name) != value}
