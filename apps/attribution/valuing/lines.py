"""The answer line by line: what files hold is what pages show, with nothing rounded."""

from collections.abc import Iterator
from decimal import Decimal
from typing import NamedTuple

from apps.attribution.models import SavingsStatement
from apps.attribution.statements import amounts
from apps.attribution.valuing.figures import ArmValue, Rate, Value, Window
from apps.attribution.valuing.proof import ExperimentValue

LINE_COLUMNS = ("part", "of", "figure", "unit", "value", "value_before")
USD, COUNT, SHARE, MS = "USD", "count", "share", "ms"
_ARM_FIGURES = (
    ("requests", COUNT, "calls"), ("failed", SHARE, "failed_share"),
    ("latency_p50", MS, "latency_p50_ms"), ("latency_p95", MS, "latency_p95_ms"),
)  # fmt: skip
_SPEND_FIGURES = (
    ("without_netra", USD, "untouched_usd"), ("actual", USD, "actual_usd"),
    ("of_it_comparing", USD, "overhead_usd"), ("saved_estimated", USD, "estimated_usd"),
    ("requests", COUNT, "calls"), ("tokens", COUNT, "tokens"),
    ("requests_without_a_price", COUNT, "unpriced_calls"),
)  # fmt: skip


class ValueLine(NamedTuple):
    """One figure; value_before: of the window before, None where there is none."""

    part: str
    of: str
    figure: str
    unit: str
    value: Decimal | float | int | None
    value_before: Decimal | float | int | None = None


def value_lines(found: Value) -> Iterator[ValueLine]:
    """Every figure of the page, in its order."""
    yield from _spend(found)
    yield from _proven(found)
    yield from _levers(found)
    yield from _rates(found)
    for arm in (found.holdout, found.treatment):
        yield from _arm(arm)
    yield from _buckets(found)


def _spend(found: Value) -> Iterator[ValueLine]:
    span = f"{found.query.first} to {found.query.last}"
    for figure, unit, name in _SPEND_FIGURES:
        before = getattr(found.before.spend, name) if found.before else None
        yield ValueLine("spend", span, figure, unit, getattr(found.now.spend, name), before)


def _proven(found: Value) -> Iterator[ValueLine]:
    known = found.proven
    if known is None:
        return
    span = f"{found.query.first} to {found.query.last}"
    yield ValueLine("proven", span, "saved_proven", USD, known.proven_usd, known.before_usd)
    for each in known.experiments:
        yield from _experiment(each)
    for statement in known.statements:
        yield from _statement(statement)


def _experiment(known: ExperimentValue) -> Iterator[ValueLine]:
    of = f"{known.experiment.name} since it began"
    yield ValueLine("proven", of, "best_estimate", USD, known.saved_usd)
    yield ValueLine("proven", of, "at_least", USD, known.low_usd)
    yield ValueLine("proven", of, "at_most", USD, known.high_usd)


def _statement(statement: SavingsStatement) -> Iterator[ValueLine]:
    found, of = amounts(statement.document), f"statement {statement.pk}"
    for name in ("paid", "ledger", "proven", "billed", "fee"):
        yield ValueLine("statement", of, name, USD, getattr(found, name))


def _levers(found: Value) -> Iterator[ValueLine]:
    for lever in found.lever_names:
        before = found.before.net_of(lever) if found.before else None
        line = ("lever", lever or "not_by_a_lever")
        for each in found.now.levers:
            if each.lever == lever:
                yield ValueLine(*line, "saved_on_requests", USD, each.saved_usd)
                yield ValueLine(*line, "cost_of_comparing", USD, each.overhead_usd)
        yield ValueLine(*line, "saved_net", USD, found.now.net_of(lever), before)


def _rates(found: Value) -> Iterator[ValueLine]:
    for of, now, before in (
        ("request", found.now.spend.per_call, found.before and found.before.spend.per_call),
        ("1000 tokens", found.now.per_thousand_tokens, _tokens_rate(found.before)),
    ):
        for figure, name in (("without_netra", "before"), ("actual", "after")):
            earlier = getattr(before, name) if before else None
            yield ValueLine("cost_per", of, figure, USD, getattr(now, name), earlier)


def _tokens_rate(window: Window | None) -> Rate | None:
    return window.per_thousand_tokens if window else None


def _arm(arm: ArmValue) -> Iterator[ValueLine]:
    for figure, unit, name in _ARM_FIGURES:
        yield ValueLine("arm", arm.arm, figure, unit, getattr(arm, name))


def _buckets(found: Value) -> Iterator[ValueLine]:
    part = found.query.granularity
    for bucket in found.buckets:
        of, spend = bucket.at.isoformat(), bucket.spend
        yield ValueLine(part, of, "without_netra", USD, spend.untouched_usd)
        yield ValueLine(part, of, "actual", USD, spend.actual_usd)
        yield ValueLine(part, of, "saved_estimated", USD, spend.estimated_usd)
        yield ValueLine(part, of, "requests", COUNT, spend.calls)
        for lever, net in bucket.levers.items():
            yield ValueLine(part, of, f"saved_net:{lever or 'not_by_a_lever'}", USD, net)
