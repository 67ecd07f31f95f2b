"""Drains by procrastinate, a PostgreSQL queue: one job a reminder, in a process of its own."""

import asyncio
import subprocess
import sys
import time
from pathlib import Path

PACKAGES = Path(__file__).parents[1] / "var" / "bench-packages"
MARK = "UPDATE followup_message SET status = 'sent', sent_at = now() WHERE id = %(id)s AND status = 'planned'"


def drain(number: int) -> float | None:
    """Rows a second; None where the package is not installed."""
    if not PACKAGES.exists():
        return None
    from django.db import connection

    settings = connection.settings_dict
    url = f"host={settings['HOST']} user={settings['USER']} dbname={settings['NAME']}"
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.procrastinate_way", url, str(number)],
        check=True,
        capture_output=True,
        text=True,
    )
    return float(done.stdout.strip().splitlines()[-1])


async def main(url: str, number: int) -> float:
    """Defer as many jobs as asked for, then let a worker drain them; rows a second of the draining."""
    sys.path.append(str(PACKAGES))  # behind the product's own packages
    from procrastinate import App, PsycopgConnector

    app = App(connector=PsycopgConnector(conninfo=url))

    @app.task(queue="bench")
    async def send(message_id: int) -> None:
        await app.connector.execute_query_async(MARK, id=message_id)

    async with app.open_async():
        if not await app.check_connection_async():
            await app.schema_manager.apply_schema_async()
        jobs = [{"message_id": pk} for pk in range(1, number + 1)]
        await send.batch_defer_async(*jobs)
        began = time.perf_counter()
        await app.run_worker_async(queues=["bench"], wait=False, concurrency=8, delete_jobs="always",
                                   install_signal_handlers=False, listen_notify=False)  # fmt: skip
        return number / (time.perf_counter() - began)


if __name__ == "__main__":
    print(asyncio.run(main(sys.argv[1], int(sys.argv[2]))))
