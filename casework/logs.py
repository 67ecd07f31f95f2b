"""Log lines: ids and codes, never client data; and where something failed, never with what values."""

import re
import sys
import traceback
from pathlib import Path
from typing import Any

import structlog
from structlog.typing import EventDict, WrappedLogger

ROOT = str(Path(__file__).resolve().parent.parent) + "/"
FRAMES = 6
LINK = re.compile(r"(/l/|/calendar/feed/)[\w-]+")


def where(logger: WrappedLogger, name: str, event: EventDict) -> EventDict:
    """Replace an exception by its kind and its last places.

    Its message stays out: a database says there which name or number it would not take.
    """
    info = event.pop("exc_info", None)
    info = sys.exc_info() if info is True else info
    error = info[1] if isinstance(info, tuple) else info
    if not isinstance(error, BaseException):
        return event
    event["error"] = type(error).__name__
    frames = traceback.extract_tb(error.__traceback__)[-FRAMES:]
    event["where"] = " > ".join(f"{each.filename.removeprefix(ROOT)}:{each.lineno}" for each in frames)
    return event


def without_links(logger: WrappedLogger, name: str, event: EventDict) -> EventDict:
    """Leave out what stands in the address of a one-time link: who reads the log could open it."""
    return {key: LINK.sub(r"\1…", value) if isinstance(value, str) else value for key, value in event.items()}


SHARED: list[Any] = [
    structlog.contextvars.merge_contextvars,
    structlog.processors.TimeStamper(fmt="iso"),
    structlog.stdlib.add_log_level,
    where,
    without_links,
]


def logging_config(level: str) -> dict[str, Any]:
    """Return Django's LOGGING: every line, ours and others', in one form on standard error."""
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *SHARED,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    lines = {
        "()": structlog.stdlib.ProcessorFormatter,
        "processors": [
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            structlog.processors.KeyValueRenderer(
                key_order=["timestamp", "level", "event"], drop_missing=True
            ),
        ],
        "foreign_pre_chain": SHARED,
    }
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"lines": lines},
        "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "lines"}},
        "root": {"handlers": ["console"], "level": level},
    }
