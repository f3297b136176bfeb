"""What Netra was worth, from rollups, statements and experiments; read inside the scope."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import groupby
from typing import Any
from uuid import UUID

from apps.attribution.assignment import HOLDOUT, TREATMENT
from apps.attribution.models import Experiment, SavingsStatement
from apps.attribution.selectors.logs import closed_statements
from apps.attribution.selectors.periods import experiments
from apps.attribution.selectors.standing import points_by_experiment
from apps.attribution.valuing import (
    CUSTOMERS_KINDS,
    OVERHEAD_KINDS,
    ArmValue,
    Bucket,
    ExperimentValue,
    LeverValue,
    ProvenValue,
    Spend,
    Value,
    ValueQuery,
    Window,
    exact_sum,
)
from apps.usage.outcomes import FAILED
from apps.usage.querying import Answer, AnswerRow, UsageQuery, bucket_times, usages

MOST_EXPERIMENTS = 20
_DAY, _TICK = timedelta(days=1), timedelta(microseconds=1)
_SPENT = ("calls", "refused_calls", "tokens", "unpriced_calls", "actual_usd", "saved_usd")
_FAILED = tuple(f"{outcome}_calls" for outcome in sorted(FAILED))
_ARM = ("calls", "refused_calls", *_FAILED, "latency_p50_ms", "latency_p95_ms")
_UNCLAIMED = ""


def value(query: ValueQuery, *, at: datetime) -> Value:
    """The answer for the current organization. at: now. Raises InvalidQuery, SearchTooWide."""
    spend, levers, by_arm = usages(_questions(query), at=at)
    before = spend.previous
    arms = {row.dimensions["arm"]: row for row in by_arm.rows}
    return Value(
        query,
        now=_window(spend, levers),
        before=_window(before, levers.previous) if before and levers.previous else None,
        buckets=list(_buckets(spend, levers)),
        holdout=_arm(arms, HOLDOUT),
        treatment=_arm(arms, TREATMENT),
        proven=_proven(query, before) if query.is_provable else None,
        sources=sorted({*spend.sources, *levers.sources}),
    )


def _questions(query: ValueQuery) -> Iterator[UsageQuery]:
    """What was spent and what levers saved, by time; and both arms in the whole window."""
    by_time = {"granularity": query.granularity}
    yield query.usage(measures=_SPENT, dimensions=("kind",), **by_time)
    yield query.usage(measures=("saved_usd",), dimensions=("lever", "kind"), **by_time)
    theirs = {"kind": list(CUSTOMERS_KINDS)}
    yield query.usage(measures=_ARM, dimensions=("arm",), filters=theirs, compare=None)


def _window(spend: Answer, levers: Answer) -> Window:
    total = _spend(spend.rows)
    return Window(
        spend.query.since, spend.query.until, total, _claimed(total, list(_levers(levers.rows)))
    )


def _spend(rows: Sequence[AnswerRow]) -> Spend:
    """Rows by kind, summed."""
    theirs = [row for row in rows if row.dimensions["kind"] in CUSTOMERS_KINDS]
    overhead = [row for row in rows if row.dimensions["kind"] in OVERHEAD_KINDS]
    return Spend(
        calls=_count(theirs, "calls") - _count(theirs, "refused_calls"),
        tokens=_count(theirs, "tokens"),
        unpriced_calls=_count(theirs, "unpriced_calls"),
        actual_usd=_usd(rows, "actual_usd"),
        estimated_usd=_usd(rows, "saved_usd"),
        overhead_usd=_usd(overhead, "actual_usd"),
    )


def _levers(rows: Sequence[AnswerRow]) -> Iterator[LeverValue]:
    """By lever, what saved the most first."""
    by_lever: defaultdict[str, list[AnswerRow]] = defaultdict(list)
    for row in rows:
        by_lever[row.dimensions["lever"]].append(row)
    found = [_lever(name, by_lever[name]) for name in sorted(by_lever)]
    yield from sorted(found, key=lambda each: each.net_usd, reverse=True)


def _lever(name: str, rows: Sequence[AnswerRow]) -> LeverValue:
    overhead = [row for row in rows if row.dimensions["kind"] in OVERHEAD_KINDS]
    theirs = [row for row in rows if row.dimensions["kind"] not in OVERHEAD_KINDS]
    return LeverValue(name, _usd(theirs, "saved_usd"), -_usd(overhead, "saved_usd"))


def _claimed(total: Spend, levers: list[LeverValue]) -> list[LeverValue]:
    """The levers, and what of the whole none of them claims, so that the parts make the whole."""
    rest = total.estimated_usd - exact_sum(each.net_usd for each in levers)
    return [*levers, LeverValue(_UNCLAIMED, rest)] if rest else levers


def _buckets(spend: Answer, levers: Answer) -> Iterator[Bucket]:
    """All of the window, also those without a call."""
    spent, saved = _by_time(spend.rows), _by_time(levers.rows)
    for at in bucket_times(spend.query):
        total = _spend(spent.get(at, ()))
        claimed = _claimed(total, list(_levers(saved.get(at, ()))))
        yield Bucket(at, total, {each.lever: each.net_usd for each in claimed})


def _by_time(rows: Sequence[AnswerRow]) -> Mapping[datetime, list[AnswerRow]]:
    """Rows come in the order of time."""
    found = groupby((row for row in rows if row.at), key=lambda row: row.at)
    return {at: list(each) for at, each in found if at}


def _arm(rows: Mapping[str, AnswerRow], arm: str) -> ArmValue:
    row = rows.get(arm)
    if row is None:
        return ArmValue(arm)
    known: Mapping[str, Any] = row.measures
    return ArmValue(
        arm,
        calls=known["calls"] - known["refused_calls"],
        failed_calls=sum(known[name] for name in _FAILED),
        latency_p50_ms=known["latency_p50_ms"],
        latency_p95_ms=known["latency_p95_ms"],
    )


def _proven(query: ValueQuery, before: Answer | None) -> ProvenValue:
    asked = list(_experiments(query.project_id))
    ids = [each.pk for each in asked]
    points = points_by_experiment(ids)
    earlier: Sequence[SavingsStatement] = ()
    if before:
        first, last = (
            each.astimezone(query.zone).date()
            for each in (before.query.since, before.query.until - _TICK)
        )
        earlier = _ended(ids, first, last)
    return ProvenValue(
        _ended(ids, query.first, query.last),
        earlier,
        [ExperimentValue(each, points[each.pk]) for each in asked],
    )


def _experiments(project_id: UUID | None) -> Iterable[Experiment]:
    # The state of a log is large, and says nothing here.
    found = experiments().select_related("log").defer("log__state")
    return (found.filter(project_id=project_id) if project_id else found)[:MOST_EXPERIMENTS]


def _ended(ids: Sequence[UUID], first: date, last: date) -> list[SavingsStatement]:
    """Statements of the periods whose last day, in UTC as periods are, is one of these."""
    since, until = (datetime(day.year, day.month, day.day, tzinfo=UTC) for day in (first, last))
    rows = closed_statements().filter(log_id__in=ids)
    return list(rows.filter(period__ends_at__gt=since, period__ends_at__lte=until + _DAY))


def _count(rows: Iterable[AnswerRow], name: str) -> int:
    return sum(int(row.measures[name] or 0) for row in rows)


def _usd(rows: Iterable[AnswerRow], name: str) -> Decimal:
    return exact_sum(Decimal(row.measures[name] or 0) for row in rows)
