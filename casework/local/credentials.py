"""Who can sign in to the demo; printed by the demo's supervisor, created by the demo practice."""

from dataclasses import dataclass

PASSWORD = "turnaround-demo"


@dataclass(frozen=True)
class SignIn:
    """One invented member of staff."""

    email: str
    name: str
    role: str


COUNSELOR = SignIn("dana@demo.example", "Dana Reyes", "counselor")
SUPERVISOR = SignIn("sam@demo.example", "Sam Ortiz", "supervisor")
ADMINISTRATOR = SignIn("ada@demo.example", "Ada Park", "administrator")
SIGN_INS = (COUNSELOR, SUPERVISOR, ADMINISTRATOR)
