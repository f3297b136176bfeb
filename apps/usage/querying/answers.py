"""From a query to its answer, out of the rollups."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Context, Decimal
from typing import Any

from apps.usage.querying.terms import AMOUNT, MEASURES, MOST_ROWS, InvalidQuery, UsageQuery
from apps.usage.store import bounded, summed_rows

Value = int | Decimal
_EXACT = Context(prec=80)


@dataclass(frozen=True, slots=True)
class Answer:
    """at: the start of each row's bucket in the query's zone, None for a total. Rows are in the
    order of time, then of their dimensions. totals: the sums of the rows.
    """

    query: UsageQuery
    rows: Sequence["AnswerRow"]
    totals: Mapping[str, Value]


@dataclass(frozen=True, slots=True)
class AnswerRow:
    at: datetime | None
    dimensions: Mapping[str, str]
    measures: Mapping[str, Value]


def usage(query: UsageQuery) -> Answer:
    """The answer for the current organization. Raises InvalidQuery, SearchTooWide."""
    with bounded():
        found = summed_rows(query, [MEASURES[name] for name in query.measures], MOST_ROWS + 1)
    if len(found) > MOST_ROWS:
        raise InvalidQuery(
            f"The answer has more than {MOST_ROWS} rows. Use fewer dimensions, a filter, a coarser "
            "granularity or a shorter window."
        )
    rows = [_row(query, each) for each in found]
    return Answer(query, rows, _totals(query.measures, rows))


def previous(query: UsageQuery) -> UsageQuery:
    """The same of the window of equal length before, by the clocks of the query's zone."""
    since, until = (each.astimezone(query.zone) for each in (query.since, query.until))
    length = until.replace(tzinfo=None) - since.replace(tzinfo=None)
    return replace(query, since=since - length, until=query.since, compare=None)


def _row(query: UsageQuery, found: Sequence[Any]) -> AnswerRow:
    at, *rest = found
    split = len(query.dimensions)
    return AnswerRow(
        at.astimezone(query.zone) if at else None,
        dict(zip(query.dimensions, map(str, rest[:split]), strict=True)),
        dict(zip(query.measures, rest[split:], strict=True)),
    )


def _totals(names: Iterable[str], rows: Sequence[AnswerRow]) -> dict[str, Value]:
    return {name: _total(name, [row.measures[name] for row in rows]) for name in names}


def _total(name: str, values: Iterable[Value]) -> Value:
    if not name.endswith(AMOUNT):
        return sum(int(value) for value in values)
    total = Decimal(0)
    for value in values:
        total = _EXACT.add(total, Decimal(value))
    return total
