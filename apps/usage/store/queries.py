"""Questions about usage: measures by dimensions over a window, from the cheapest tables."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import islice
from typing import Any, get_args
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.db import connection

from apps.kernel.errors import NetraError
from apps.usage.store.measures import ALL_SUMS, BINS, DURATIONS, bin_end_ms
from apps.usage.store.sources import (
    ALL_DIMENSIONS,
    Wanted,
    grains_for,
    source_names,
    statement,
)
from apps.usage.store.windows import Granularity, bucket_starts, cover, previous_window

MOST_BUCKETS, MOST_ROWS, MOST_DIMENSIONS = 2000, 10_000, 4
LONGEST_WINDOW = timedelta(days=800)
PERCENTILES = {"latency_p50_ms": 0.5, "latency_p95_ms": 0.95, "latency_p99_ms": 0.99}
MEASURES = (*ALL_SUMS, *PERCENTILES)
Value = Decimal | int | float | None


class InvalidQuery(NetraError):
    code = "invalid_query"
    http_status = 400


@dataclass(frozen=True, slots=True)
class Query:
    """measures: of MEASURES. since, until: half-open, aware, whole minutes.

    dimensions, filters (dimension → accepted values): of ALL_DIMENSIONS. "lever" narrows to calls
    that a lever saved on, one row for each lever. tag: the name of the tag that "tag" is about.
    compare: also the window before. limit: rows, at most MOST_ROWS.
    """

    measures: Sequence[str]
    since: datetime
    until: datetime
    dimensions: Sequence[str] = ()
    filters: Mapping[str, Sequence[str]] = field(default_factory=dict)
    granularity: Granularity | None = None
    time_zone: str = "UTC"
    tag: str | None = None
    compare: bool = False
    limit: int = 1000


@dataclass(frozen=True, slots=True)
class AnswerRow:
    """bucket_at: start of the bucket, UTC. previous: the same of the window before, if asked for.

    A dimension's value is text; "" where a call has none, the nil UUID for no key.
    """

    bucket_at: datetime
    dimensions: Mapping[str, str]
    measures: Mapping[str, Value]
    previous: Mapping[str, Value] | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """rows: by bucket and dimensions. sources: what was read. is_cut: there are more than `limit`.

    "events" among the sources: some of it no rollup has; slow when the window is long.
    """

    rows: list[AnswerRow]
    sources: tuple[str, ...]
    is_cut: bool = False


def answer(query: Query, *, minutes_since: datetime) -> Answer:
    """Answer for the current organization. minutes_since: from when on minutes are complete.

    Raises InvalidQuery.
    """
    zone = _checked_zone(query)
    if problem := _problem(query):
        raise InvalidQuery(problem)
    found, _ = _answered(query, zone, minutes_since)
    if not query.compare:
        return found
    since, until = previous_window(query.since, query.until, zone)
    before, starts = _answered(replace(query, since=since, until=until), zone, minutes_since)
    return _beside(found, before, starts, _starts(query, zone))


def _checked_zone(query: Query) -> ZoneInfo:
    try:
        return ZoneInfo(query.time_zone)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise InvalidQuery(f"No zone {query.time_zone!r}; Europe/Berlin is one.") from error


def _problem(query: Query) -> str | None:
    """Why the query cannot be answered, and what to ask instead."""
    unknown = {*query.measures} - {*MEASURES} | {*query.dimensions, *query.filters} - {
        *ALL_DIMENSIONS
    }
    ends = (query.since, query.until)
    needs_tag = "tag" in {*query.dimensions, *query.filters}
    problems = {
        f"There is no {', '.join(sorted(unknown))}.": bool(unknown),
        "Ask for at least one measure.": not query.measures,
        f"Ask for at most {MOST_DIMENSIONS} dimensions.": len(query.dimensions) > MOST_DIMENSIONS,
        "Say which tag with `tag`.": needs_tag != (query.tag is not None),
        f"Ask for 1 to {MOST_ROWS} rows.": not 1 <= query.limit <= MOST_ROWS,
        "Bounds are aware and whole minutes.": any(
            each.tzinfo is None or each.second or each.microsecond for each in ends
        ),
        "Granularity is minute, hour, day, month or none.": query.granularity
        not in (None, *get_args(Granularity)),
    }
    return next((text for text, holds in problems.items() if holds), None) or _too_long(query)


def _too_long(query: Query) -> str | None:
    if not timedelta(0) < query.until - query.since <= LONGEST_WINDOW:
        return f"Ask for a window that ends after it begins, of at most {LONGEST_WINDOW.days} days."
    if len(_starts(query, ZoneInfo(query.time_zone))) > MOST_BUCKETS:
        return f"That are more than {MOST_BUCKETS} points; ask for a coarser granularity."
    return None


def _starts(query: Query, zone: ZoneInfo) -> list[datetime]:
    starts = bucket_starts(query.since, query.until, query.granularity, zone)
    return list(islice(starts, MOST_BUCKETS + 1))


def _answered(
    query: Query, zone: ZoneInfo, minutes_since: datetime
) -> tuple[Answer, list[datetime]]:
    starts = _starts(query, zone)
    wanted = _wanted(query, starts, minutes_since)
    sql, values = statement(wanted)
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        found = cursor.fetchall()
    rows = [_row(query, wanted, starts, each) for each in found[: query.limit]]
    return Answer(rows, source_names(wanted), len(found) > query.limit), starts


def _wanted(query: Query, starts: list[datetime], minutes_since: datetime) -> Wanted:
    used = {*query.dimensions, *query.filters}
    has_bins = any(name in PERCENTILES for name in query.measures)
    has_durations = has_bins or any(name in DURATIONS for name in query.measures)
    grains = grains_for(used, has_durations=has_durations)
    return Wanted(
        sums=[name for name in query.measures if name in ALL_SUMS],
        has_bins=has_bins,
        dimensions=query.dimensions,
        filters=query.filters,
        tag=query.tag,
        starts=starts,
        segments=cover([*starts, query.until], grains, minutes_since),
        limit=query.limit + 1,
    )


def _row(query: Query, wanted: Wanted, starts: list[datetime], found: Sequence[Any]) -> AnswerRow:
    width = len(query.dimensions)
    sums = dict(zip(wanted.sums, found[1 + width :], strict=False))
    measures = {
        name: sums[name] if name in sums else percentile_ms(found[-1], PERCENTILES[name])
        for name in query.measures
    }
    dimensions = dict(zip(query.dimensions, found[1 : 1 + width], strict=True))
    return AnswerRow(starts[found[0] - 1], dimensions, measures)


def percentile_ms(bins: Sequence[int], share: float) -> float | None:
    """The latency that `share` of the calls do not exceed, within its bin by proportion."""
    left = sum(bins) * share
    if not left:
        return None
    for number, count in enumerate(bins, 1):
        if left <= count:
            start = bin_end_ms(number - 1) if number > 1 else 0.0
            return float(start + (bin_end_ms(number) - start) * float(left / count))
        left -= count
    return bin_end_ms(BINS)


def _beside(
    found: Answer, before: Answer, their_starts: list[datetime], starts: list[datetime]
) -> Answer:
    """Rows of two windows side by side, bucket by bucket in their order."""
    ours = {start: number for number, start in enumerate(starts)}
    theirs = {start: number for number, start in enumerate(their_starts)}
    past = {(theirs[row.bucket_at], _key(row)): row.measures for row in before.rows}
    rows = [replace(row, previous=past.get((ours[row.bucket_at], _key(row)))) for row in found.rows]
    sources = tuple(dict.fromkeys((*found.sources, *before.sources)))
    return Answer(rows, sources, found.is_cut or before.is_cut)


def _key(row: AnswerRow) -> tuple[str, ...]:
    return tuple(row.dimensions.values())
