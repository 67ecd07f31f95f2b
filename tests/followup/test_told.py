"""To-dos that Turnaround opened are said in the language of whoever reads them."""

import ast
from pathlib import Path

import pytest
from django.conf import settings
from django.utils import translation

from casework.followup.plan_templates import ToDoKind
from casework.followup.told import OUTCOMES, TITLES, told

ROOM = Path(settings.BASE_DIR, "casework", "followup")
OPENING = {"open_todo", "_ask", "_once"}


def filled(said: str, language: str, first: str = "Alex") -> str:
    with translation.override(language):
        return translation.gettext(said) % {"first": first, "measure": "PHQ-9"}


@pytest.mark.parametrize("said", TITLES)
@pytest.mark.parametrize("opened_in", ["en", "es"])
@pytest.mark.parametrize("read_in", ["en", "es"])
def test_a_title_is_read_in_the_readers_language_whoever_opened_it(said, opened_in, read_in):
    with translation.override(read_in):
        assert told(filled(said, opened_in)) == filled(said, read_in)


@pytest.mark.parametrize("kind", ToDoKind, ids=str)
def test_the_usual_title_of_a_kind_is_read_in_spanish(kind):
    with translation.override("en"):
        kept = str(kind.label)
    with translation.override("es"):
        assert told(kept) == str(kind.label) != kept


@pytest.mark.parametrize("said", OUTCOMES)
def test_what_came_of_a_todo_is_read_in_spanish(said):
    with translation.override("es"):
        assert told(said) == translation.gettext(said) != said


@pytest.mark.parametrize("name", ["Ana María", "O'Neil", "J. (Jay)", "100%", "Ño"])
def test_any_name_comes_through(name):
    kept = filled(TITLES[0], "en", name)
    with translation.override("es"):
        assert told(kept) == f"Sesión sin asistencia: comunicarse con {name}"


@pytest.mark.parametrize(
    "text", ["", "Bring the bus pass", "Talk with the client about 50 % more sleep", "Llamar a Ana"]
)
def test_what_a_person_wrote_stays_as_it_is(text):
    with translation.override("es"):
        assert told(text) == text


def titles_in_the_code() -> set[str]:
    """Every sentence that the code gives to a to-do it opens."""
    found: set[str] = set()
    for path in ROOM.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if (
                isinstance(node, ast.Call)
                and getattr(node.func, "attr", getattr(node.func, "id", "")) in OPENING
            ):
                found |= {
                    text for word in node.keywords if word.arg == "title" for text in sentences(word.value)
                }
    return found


def sentences(tree: ast.AST) -> set[str]:
    return {
        str(node.args[0].value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and getattr(node.func, "id", "") == "_"
        and isinstance(node.args[0], ast.Constant)
    }


def test_every_title_that_the_code_gives_is_known():
    given = titles_in_the_code()
    assert len(given) > 8
    assert given <= set(TITLES)


@pytest.mark.django_db
def test_the_page_of_a_todo_opened_in_english_is_spanish_to_its_reader(alex, as_dana, now):
    todo = alex.todos.create(kind="first_contact", title="Talk with the client", due_at=now, opened_at=now)
    page = as_dana.get(f"/todos/{todo.uid}/", HTTP_ACCEPT_LANGUAGE="es").content.decode()
    assert "Hablar con la persona" in page
    assert "Talk with the client" not in page
    todo.refresh_from_db()
    assert todo.title == "Talk with the client"
