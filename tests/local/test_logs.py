"""Log lines tell where, and never whose."""

import logging
import logging.config

import pytest
import structlog

from casework.logs import logging_config, where, without_links


def failing():
    raise ValueError("Key (family_name)=(Moreno) already exists")


@pytest.fixture
def lines(capsys):
    """Write through Django's own configuration and read what came out."""
    config = logging_config("INFO")
    formatter = config["formatters"]["lines"].copy()
    made = formatter.pop("()")(**formatter)

    def write(record: logging.LogRecord) -> str:
        return made.format(record)

    return write


def record(message: str, **extra) -> logging.LogRecord:
    return logging.LogRecord("somebody.else", logging.ERROR, __file__, 1, message, None, **extra)


def test_a_line_of_another_package_has_time_and_level_too(lines):
    line = lines(record("Not Found: /style/", exc_info=None))
    assert "level='error'" in line
    assert "timestamp='2" in line
    assert "Not Found: /style/" in line


def test_a_failure_is_told_by_kind_and_place_and_not_by_its_message(lines):
    try:
        failing()
    except ValueError as error:
        line = lines(record("request failed", exc_info=(ValueError, error, error.__traceback__)))
    assert "error='ValueError'" in line
    assert "tests/local/test_logs.py:" in line
    assert "Moreno" not in line


def test_the_failure_at_hand_is_found():
    try:
        failing()
    except ValueError:
        event = where(None, "error", {"event": "failed", "exc_info": True})
    assert event["error"] == "ValueError"
    assert "exc_info" not in event


def test_a_line_without_a_failure_stays_as_it_is():
    assert where(None, "info", {"event": "sent", "exc_info": None}) == {"event": "sent"}
    assert where(None, "info", {"event": "sent"}) == {"event": "sent"}


def test_our_own_lines_carry_what_was_bound(caplog):
    with caplog.at_level(logging.INFO):
        structlog.get_logger("ours").info("claimed", message_id=7)
    assert "claimed" in caplog.text


def test_the_log_shows_no_address_that_opens_a_link():
    event = {"event": "Not Found: /l/Abc_-123/x/", "request": "POST /l/Abc_-123/", "code": 404}
    told = without_links(None, "info", event)
    assert told == {"event": "Not Found: /l/…/x/", "request": "POST /l/…/", "code": 404}


def test_the_secret_of_a_calendar_is_in_no_line():
    told = without_links(None, "info", {"request": "GET /calendar/feed/Abc_-123.ics"})
    assert told == {"request": "GET /calendar/feed/….ics"}
