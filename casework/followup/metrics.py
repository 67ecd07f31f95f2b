"""What Prometheus reads: counts, ages and lateness, and no client among them (docs/operator.md)."""

from collections import defaultdict
from collections.abc import Iterator

from django.db.models import Count
from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector

from casework.followup.dead_man import Vitals, alarms
from casework.followup.delivery.tally import ATTEMPT, LATENESS, STEPS
from casework.followup.models import Breaker, Message, Pace, Priority, Tally

PRIORITIES = {priority.value: priority.name.lower() for priority in Priority}
STATES = {Breaker.State.CLOSED: 0, Breaker.State.HALF_OPEN: 1, Breaker.State.OPEN: 2}


def registry(seen: Vitals) -> CollectorRegistry:
    """Everything that is measured, as it is at this moment."""
    found = CollectorRegistry()
    found.register(_Measured(seen))
    return found


class _Measured(Collector):
    """The collector that reads the database when it is asked."""

    def __init__(self, seen: Vitals) -> None:
        self.seen = seen

    def collect(self) -> Iterator[Metric]:
        yield from _pulse(self.seen)
        yield from _sums()
        yield from _routes(self.seen)


def _gauge(name: str, says: str, value: float) -> Metric:
    return GaugeMetricFamily(name, says, value=value)


def _pulse(seen: Vitals) -> Iterator[Metric]:
    yield _gauge("followup_oldest_due_seconds", "Age of the oldest message due and not taken", seen.lateness)
    yield _gauge(
        "followup_behind_seconds", "Age of the oldest that waits only for a turn or a try", seen.behind
    )
    yield _gauge("followup_unclear", "Messages whose fate is being asked of the provider", seen.unclear)
    yield _gauge("followup_oldest_unclear_seconds", "How late the oldest of them is", seen.oldest_unclear)
    backlog = GaugeMetricFamily("followup_due", "Messages due and not taken", labels=["priority"])
    for number, name in PRIORITIES.items():
        backlog.add_metric([name], seen.backlog.get(number, 0))
    yield backlog
    held = GaugeMetricFamily("followup_held", "Messages held, by reason", labels=["reason"])
    rows = Message.objects.filter(status=Message.Status.HELD).order_by("reason_code")
    for reason, number in rows.values_list("reason_code").annotate(number=Count("pk")):
        held.add_metric([reason], number)
    yield held
    silence = GaugeMetricFamily("followup_silence_seconds", "Since the last sign of life", labels=["name"])
    for name, age in seen.ages.items():
        silence.add_metric([name], float("inf") if age is None else age)
    yield silence
    alarm = GaugeMetricFamily("followup_alarm", "Alarms that stand", labels=["name"])
    for name in alarms(seen):
        alarm.add_metric([name], 1)
    yield alarm


def _sums() -> Iterator[Metric]:
    tallies = list(Tally.objects.order_by("measure", "label"))
    attempts = CounterMetricFamily(
        "followup_attempts", "Attempts by outcome", labels=["provider", "channel", "outcome"]
    )
    steps: dict[int, dict[int, int]] = defaultdict(dict)
    totals: dict[int, float] = defaultdict(float)
    for one in tallies:
        if one.measure == ATTEMPT:
            attempts.add_metric(one.label.split(":"), one.number)
        elif one.measure == LATENESS:
            priority, step = map(int, one.label.split(":"))
            steps[priority][step] = one.number
            totals[priority] += one.total
    yield attempts
    lateness = HistogramMetricFamily(
        "followup_lateness_seconds", "From due to accepted by the provider", labels=["priority"]
    )
    for priority, numbers in steps.items():
        lateness.add_metric([PRIORITIES.get(priority, str(priority))], _buckets(numbers), totals[priority])
    yield lateness


def _buckets(numbers: dict[int, int]) -> list[tuple[str, float]]:
    """Prometheus counts everything up to each step."""
    so_far, buckets = 0, []
    for place, step in enumerate([*map(str, STEPS), "+Inf"]):
        so_far += numbers.get(place, 0)
        buckets.append((step, float(so_far)))
    return buckets


def _routes(seen: Vitals) -> Iterator[Metric]:
    breakers = GaugeMetricFamily(
        "followup_breaker", "0 in service, 1 being tried again, 2 away", labels=["provider", "channel"]
    )
    for one in Breaker.objects.order_by("pk"):
        breakers.add_metric([one.provider, one.channel], STATES[Breaker.State(one.state)])
    yield breakers
    names = ["provider", "channel"]
    rate = GaugeMetricFamily("followup_rate_per_second", "What a sender may send", labels=names)
    tokens = GaugeMetricFamily("followup_rate_tokens", "What it may send at this moment", labels=names)
    queue = GaugeMetricFamily(
        "followup_rate_queue_seconds", "Until the last in its queue has a turn", labels=names
    )
    for pace in Pace.objects.order_by("pk"):
        labels = [pace.provider, pace.channel]
        filled = pace.tokens + pace.per_second * max(0.0, (seen.at - pace.filled_at).total_seconds())
        rate.add_metric(labels, pace.per_second)
        tokens.add_metric(labels, min(max(1.0, pace.per_second / 4), filled))
        until = max(pace.booked_until, pace.urgent_until)
        queue.add_metric(labels, max(0.0, (until - seen.at).total_seconds()))
    yield from (rate, tokens, queue)
