"""From a query to its answer: of the rollups, and of the events where no rollup has it."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Context, Decimal
from typing import Any, cast

from django.conf import settings
from django.db import connection

from apps.usage.querying.terms import MOST_ROWS, PERCENTILES, SUMMED, InvalidQuery, UsageQuery
from apps.usage.store import bounded
from apps.usage.store.measures import AMOUNTS, DURATIONS, percentile_ms
from apps.usage.store.sources import IMPORT, KIND, Wanted, grains_for, source_names, statement
from apps.usage.store.windows import (
    EVENTS,
    Granularity,
    Segment,
    bucket_start,
    bucket_starts,
    cover,
    previous_window,
)

Value = int | Decimal | float | None
_EXACT = Context(prec=80)


@dataclass(frozen=True, slots=True)
class AnswerRow:
    """at: where its bucket begins, in the query's zone; None for a total. A dimension's value is
    text: "" where a call has none, the nil UUID for no key.
    """

    at: datetime | None
    dimensions: Mapping[str, str]
    measures: Mapping[str, Value]


@dataclass(frozen=True, slots=True)
class Answer:
    """Rows are in the order of time, then of their dimensions. totals: over all rows.

    sources: what was read; "events" is slow when the window is long. previous: the window before,
    when the query compares.
    """

    query: UsageQuery
    rows: Sequence[AnswerRow]
    totals: Mapping[str, Value]
    sources: Sequence[str]
    previous: "Answer | None" = None


def usage(query: UsageQuery, *, at: datetime) -> Answer:
    """The answer for the current organization. at: now, since minutes and events are not kept for
    ever. Raises InvalidQuery, SearchTooWide.
    """
    return usages([query], at=at)[0]


def usages(queries: Iterable[UsageQuery], *, at: datetime) -> list[Answer]:
    """Several answers, within the time of one. Raises InvalidQuery, SearchTooWide."""
    with bounded():
        return [_compared(query, at) for query in queries]


def _compared(query: UsageQuery, at: datetime) -> Answer:
    answer = _answered(query, at)
    if not query.compare:
        return answer
    since, until = previous_window(query.since, query.until, query.zone)
    before = replace(query, since=since, until=until, compare=None)
    return replace(answer, previous=_answered(before, at))


def bucket_times(query: UsageQuery) -> list[datetime]:
    """Where each bucket of the query's window begins, in its zone, also those without any call."""
    granularity = _granularity(query)
    starts = bucket_starts(query.since, query.until, granularity, query.zone)
    return [bucket_start(at, granularity, query.zone) for at in starts] if granularity else []


def _answered(query: UsageQuery, at: datetime) -> Answer:
    wanted = _wanted(query, at)
    _require_kept(wanted, at)
    sql, values = statement(wanted)
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        found = cursor.fetchall()
    if len(found) > MOST_ROWS:
        raise InvalidQuery(
            f"The answer has more than {MOST_ROWS} rows. Use fewer dimensions, a filter, a coarser "
            "granularity or a shorter window."
        )
    rows = [_row(query, wanted, each) for each in found]
    figures = [_figures(wanted, each) for each in found]
    return Answer(query, rows, _measures(query, _added(wanted, figures)), source_names(wanted))


def _wanted(query: UsageQuery, at: datetime) -> Wanted:
    used = {*query.dimensions, *query.filters}
    columns = dict.fromkeys(column for name in query.measures for column in SUMMED.get(name, ()))
    has_bins = any(name in PERCENTILES for name in query.measures)
    grains = grains_for(used, has_durations=has_bins or any(name in DURATIONS for name in columns))
    kinds = set(query.filters.get(KIND, ()))
    starts = list(bucket_starts(query.since, query.until, _granularity(query), query.zone))
    minutes_since = at - timedelta(days=settings.MINUTE_RETENTION_DAYS)
    return Wanted(
        sums=list(columns),
        has_bins=has_bins,
        dimensions=query.dimensions,
        filters=query.filters,
        tag=query.tag,
        starts=starts,
        segments=() if kinds == {IMPORT} else cover([*starts, query.until], grains, minutes_since),
        limit=MOST_ROWS + 1,
        imported=Segment(EVENTS, query.since, query.until) if IMPORT in kinds else None,
    )


def _granularity(query: UsageQuery) -> Granularity | None:
    return None if query.granularity == "total" else cast("Granularity", query.granularity)


def _require_kept(wanted: Wanted, at: datetime) -> None:
    """What needs events that are gone cannot be answered, and must not look as if it were."""
    kept = timedelta(days=settings.EVENT_RETENTION_DAYS)
    if any(each.grain == EVENTS and each.since < at - kept for each in wanted.segments):
        raise InvalidQuery(
            f"This is known of the last {kept.days} days only. Begin later, at midnight UTC, or "
            "use fewer dimensions."
        )


def _row(query: UsageQuery, wanted: Wanted, found: Sequence[Any]) -> AnswerRow:
    granularity, at = _granularity(query), wanted.starts[found[0] - 1]
    dimensions = dict(zip(query.dimensions, found[1 : 1 + len(query.dimensions)], strict=True))
    measures = _measures(query, _figures(wanted, found))
    return AnswerRow(
        bucket_start(at, granularity, query.zone) if granularity else None, dimensions, measures
    )


@dataclass(frozen=True, slots=True)
class _Figures:
    """sums: by column. bins: how many calls were in each bin of latency."""

    sums: Mapping[str, int | Decimal]
    bins: Sequence[int]


def _figures(wanted: Wanted, found: Sequence[Any]) -> _Figures:
    sums = zip(wanted.sums, found[1 + len(wanted.dimensions) :], strict=False)
    return _Figures(dict(sums), found[-1] if wanted.has_bins else ())


def _added(wanted: Wanted, figures: Sequence[_Figures]) -> _Figures:
    sums = {name: _sum(name, (each.sums[name] for each in figures)) for name in wanted.sums}
    bins = [sum(counts) for counts in zip(*(each.bins for each in figures), strict=True)]
    return _Figures(sums, bins)


def _sum(column: str, values: Iterable[int | Decimal]) -> int | Decimal:
    if column not in AMOUNTS:
        return sum(int(value) for value in values)
    total = Decimal(0)
    for value in values:
        total = _EXACT.add(total, Decimal(value))
    return total


def _measures(query: UsageQuery, figures: _Figures) -> dict[str, Value]:
    return dict(_named_measures(query.measures, figures))


def _named_measures(names: Iterable[str], figures: _Figures) -> Iterator[tuple[str, Value]]:
    for name in names:
        if name in PERCENTILES:
            yield name, percentile_ms(figures.bins, PERCENTILES[name])
        elif len(SUMMED[name]) > 1:
            yield name, sum(int(figures.sums[column]) for column in SUMMED[name])
        else:
            yield name, figures.sums[name]
