"""Drains many messages without a provider and says how fast it ended: `python -m tests.faults.churn ROWS SEED`."""

import os
import random
import sys
import time

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "casework.settings")


def main(rows: int, seed: int) -> float:
    """Messages a second over the last fifth."""
    import django

    django.setup()
    from casework.followup import delivery
    from casework.followup.channels.sandbox import Sandbox
    from tests.faults.world import World, database_clock

    at: list[float] = []
    Sandbox.send = lambda self, outgoing: at.append(time.monotonic()) or "SM" + outgoing.attempt_id.hex
    world = World(90, seed, random.Random(seed))
    world.found()
    now = database_clock()
    clients = world.people(200)
    world.save(
        [
            world.message(clients[place % 200], due_at=now, body=f"Hi, see you soon ({place}).")
            for place in range(rows)
        ]
    )
    while len(at) < rows:
        if not delivery.deliver_due():
            time.sleep(0.2)
    tail = at[-rows // 5 :]
    return len(tail) / (tail[-1] - tail[0])


if __name__ == "__main__":
    print(main(int(sys.argv[1]), int(sys.argv[2])))
