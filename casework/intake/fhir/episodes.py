"""From encounters and care plans to episodes of care."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import date, timedelta

from .facts import COUNSELING, EpisodeFact, Person


def merged_episodes(spans: Iterable[EpisodeFact], *, adjacent_days: int) -> list[EpisodeFact]:
    """Join spans of the same kind that overlap or follow each other within `adjacent_days` days.

    A detoxification stay that is recorded day by day, or two counseling plans running side by side, are one
    time in care to the person who lived it. Spans of different kinds are never joined: a stay during years of
    counseling is a separate admission, at another level of care. An open span swallows what starts later.
    Sorted by start; the ids of everything merged are kept, the earliest first.
    """
    merged: list[EpisodeFact] = []
    for kind in sorted({span.kind for span in spans}):
        of_kind = sorted((span for span in spans if span.kind == kind), key=lambda span: span.started_on)
        merged += _joined(of_kind, timedelta(days=adjacent_days))
    return sorted(merged, key=lambda span: (span.started_on, span.kind))


def _joined(spans: list[EpisodeFact], gap: timedelta) -> list[EpisodeFact]:
    joined: list[EpisodeFact] = []
    for span in spans:
        last = joined[-1] if joined else None
        if last and (last.ended_on is None or span.started_on <= last.ended_on + gap):
            joined[-1] = replace(
                last,
                ended_on=_later(last.ended_on, span.ended_on),
                external_ids=last.external_ids + span.external_ids,
            )
        else:
            joined.append(span)
    return joined


def _later(one: date | None, other: date | None) -> date | None:
    return None if one is None or other is None else max(one, other)


def closed_where_known(
    episodes: list[EpisodeFact], person: Person, *, last_seen_on: date | None, today: date, presumed_days: int
) -> list[EpisodeFact]:
    """End what cannot still be going on.

    An episode of someone who died ends on the day of death at the latest. Sending systems rarely close a
    counseling plan, so an open one ends with the last encounter on file once that is more than
    `presumed_days` days ago (clinical.md §8: presumed discharge); otherwise it stays open.
    """
    presumed = last_seen_on if last_seen_on and today - last_seen_on > timedelta(days=presumed_days) else None
    return [_closed(episode, person, presumed) for episode in episodes]


def _closed(episode: EpisodeFact, person: Person, presumed: date | None) -> EpisodeFact:
    died = person.deceased_on
    if died and (episode.ended_on is None or episode.ended_on >= died):
        return replace(episode, ended_on=max(died, episode.started_on), reason="deceased")
    if episode.ended_on is None and presumed and episode.kind == COUNSELING:
        return replace(episode, ended_on=max(presumed, episode.started_on), reason="other")
    return replace(episode, reason="other") if episode.ended_on else episode
