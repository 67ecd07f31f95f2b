"""The table of who may do what, as a text that people read and review: permission_matrix.txt beside this file."""

from pathlib import Path

import pytest
from django.contrib.auth.models import AnonymousUser

from clients.access import ROLE_VERBS, Role, Verb, can, require
from clients.errors import NotAllowed
from tests import factories

FILE = Path(__file__).with_name("permission_matrix.txt")


def matrix() -> str:
    roles = list(Role)
    width = max(len(verb.value) for verb in Verb) + 2
    lines = [" " * width + "  ".join(str(role.value) for role in roles)]
    for verb in Verb:
        marks = ("yes" if verb in ROLE_VERBS[role] else "–" for role in roles)
        cells = "  ".join(mark.ljust(len(role.value)) for mark, role in zip(marks, roles, strict=True))
        lines.append((verb.value.ljust(width) + cells).rstrip())
    return "\n".join(lines) + "\n"


def test_the_table_is_as_it_was_reviewed():
    """After a wanted change, write `matrix()` to the file and have it reviewed."""
    assert matrix() == FILE.read_text(encoding="utf-8")


def test_every_role_has_a_row_of_verbs():
    assert set(ROLE_VERBS) == set(Role)


def test_an_auditor_can_change_nothing():
    assert {verb.value for verb in ROLE_VERBS[Role.AUDITOR]} == {
        "view client",
        "read signed note",
        "read audit trail",
        "review caseload",
    }


def test_an_administrator_has_no_verb_about_clients():
    assert ROLE_VERBS[Role.ADMINISTRATOR] == {
        Verb.MANAGE_STAFF,
        Verb.MANAGE_PRACTICE,
        Verb.KEEP_WATCH,
    }


@pytest.mark.parametrize("verb", Verb)
def test_nobody_signed_out_or_switched_off_can_do_anything(verb):
    assert not can(AnonymousUser(), verb)
    assert not can(None, verb)
    assert not can(factories.UserFactory.build(role="supervisor", is_active=False), verb)


def test_a_role_nobody_knows_can_do_nothing():
    assert not can(factories.UserFactory.build(role="owner"), Verb.VIEW_CLIENT)


@pytest.mark.django_db
def test_require_names_no_detail_and_lets_the_system_pass(ada):
    require(None, Verb.VIEW_CLIENT)
    with pytest.raises(NotAllowed, match="Ask your supervisor"):
        require(ada, Verb.VIEW_CLIENT)
