"""The waits of the product, shortened for the faults; no import of ours stands here, settings are read after it."""

# The waits of the real thing, scaled down but in their true order: time-out < lease, look-up after both.
REAL = {
    "FOLLOWUP_LEASE": 60,
    "FOLLOWUP_PROVIDER_TIMEOUT": 10,
    "FOLLOWUP_LOOKUP_DELAY": 15,
    "FOLLOWUP_BACKOFF": 30,
    "FOLLOWUP_BACKOFF_CAP": 1800,
    "FOLLOWUP_ATTEMPTS": 6,
    "FOLLOWUP_DEAD_MAN": 300,
    "FOLLOWUP_SILENCE": 120,
    "FOLLOWUP_WATCH_POLL": 5,
    "FOLLOWUP_WATCH_GRACE": 5,
}
PACE = {
    "FOLLOWUP_LEASE": "6",
    "FOLLOWUP_PROVIDER_TIMEOUT": "2",
    "FOLLOWUP_LOOKUP_DELAY": "3",
    "FOLLOWUP_BACKOFF": "1",
    "FOLLOWUP_BACKOFF_CAP": "8",
    "FOLLOWUP_ATTEMPTS": "12",
    "FOLLOWUP_DEAD_MAN": "10",
    "FOLLOWUP_SILENCE": "6",
    "FOLLOWUP_SENDERS": "4",
    "FOLLOWUP_BATCH": "100",
    "FOLLOWUP_BREAKER": '{"rest": 1.5, "rest_cap": 6, "asked_cap": 90, "other_way_after": 60}',
}


def scale() -> str:
    """How the hours of the real thing were shortened, for the report."""
    return ", ".join(
        f"{name.removeprefix('FOLLOWUP_').lower()} {real} → {PACE[name]}"
        for name, real in REAL.items()
        if name in PACE and float(PACE[name]) != real
    )
