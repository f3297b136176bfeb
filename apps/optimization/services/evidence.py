"""Counting what levers decided, by namespace, from the record of calls."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from itertools import groupby
from uuid import UUID

from apps.optimization.models import Evidence, EvidenceCount
from apps.usage.selectors import ScoredCalls, scored_calls

# What is written down of a call reaches the tables within it; what comes later is not counted.
LAG = timedelta(minutes=2)
FIRST_WINDOW = timedelta(days=1)
LONGEST_WINDOW = timedelta(hours=6)
# Requests of a cold cache tell nothing about a warm one.
WARM_UP = {"near_exact": 300, "semantic": 300}
# Prompts that say the time make a namespace of each call; those that come later are not counted.
MOST_NAMESPACES = 2_000
# Longer than certificates last, so that each finds what it was issued on.
IDLE = timedelta(days=60)
Place = tuple[UUID, str, str]


def count_calls(*, at: datetime) -> dict[UUID, int]:
    """All calls up to LAG before `at` into their namespaces' evidence, each once; how many were
    new to each row of it. The caller holds the organization's lock.
    """
    cursor, _ = EvidenceCount.objects.get_or_create(
        id=1, defaults={"until": at - LAG - FIRST_WINDOW}
    )
    new: dict[UUID, int] = {}
    while cursor.until < at - LAG:
        until = min(cursor.until + LONGEST_WINDOW, at - LAG)
        _count(scored_calls(since=cursor.until, until=until), cursor.until, until, new)
        cursor.until = until
    cursor.save()
    Evidence.objects.filter(last_at__lt=at - IDLE).delete()
    return new


def restart(row: Evidence, *, at: datetime) -> None:
    """What comes from now on counts, what was before does not."""
    row.since, row.told_until = at, None
    row.seen = row.requests = row.looks = 0
    row.scores, row.drift = {}, 0.0


def _count(
    calls: Iterable[ScoredCalls], since: datetime, until: datetime, new: dict[UUID, int]
) -> None:
    known = {_place(row): row for row in Evidence.objects.all()}
    changed: list[Evidence] = []
    for place, found in groupby(calls, key=_place):
        told = list(found)
        row = known.get(place)
        if row is None and len(known) >= MOST_NAMESPACES:
            continue
        if row is None:
            row = known[place] = Evidence.objects.create(
                project_id=place[0], lever=place[1], namespace=place[2], last_at=since
            )
        _add(row, told, since, until)
        new[row.pk] = new.get(row.pk, 0) + sum(each.calls for each in told)
        changed.append(row)
    fields = ("since", "seen", "requests", "scores", "last_at")
    Evidence.objects.bulk_update(changed, fields, batch_size=500)


def _add(row: Evidence, told: list[ScoredCalls], since: datetime, until: datetime) -> None:
    count, is_cold = sum(each.calls for each in told), row.seen < WARM_UP.get(row.lever, 0)
    row.seen += count
    row.last_at = max(each.last_at for each in told)
    if is_cold:
        row.since = until
        return
    row.since = row.since or since
    row.requests += count
    for each in told:
        if each.hundredths is not None:
            place = str(each.hundredths)
            row.scores[place] = row.scores.get(place, 0) + each.calls


def _place(of: Evidence | ScoredCalls) -> Place:
    return of.project_id, of.lever, of.namespace
