"""The sandbox provider, run in a thread of the test with a ledger of its own."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from casework.followup.sandbox.calls import Office
from casework.followup.sandbox.ledger import Ledger
from casework.followup.sandbox.server import Provider

TOKEN = "a-secret-of-these-tests"
ACCOUNT = "AC" + "0" * 32
NUMBER = "+15550100199"


@contextmanager
def running(folder: Path, *, office_url: str = "http://127.0.0.1:9") -> Iterator[Provider]:
    """A provider on a free loopback port."""
    office = Office(url=office_url, token=TOKEN, number=NUMBER, account=ACCOUNT)
    provider = Provider(("127.0.0.1", 0), ledger=Ledger(folder), office=office)
    thread = threading.Thread(target=provider.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield provider
    finally:
        provider.shutdown()
        provider.server_close()


def address(provider: Provider) -> str:
    return f"http://127.0.0.1:{provider.server_port}"
