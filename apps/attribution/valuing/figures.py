"""The figures: exact US dollars, whole counts; nothing is rounded before somebody reads it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Context, Decimal

from apps.attribution.valuing.asking import ValueQuery
from apps.attribution.valuing.proof import ProvenValue

_EXACT = Context(prec=60)
_ZERO = Decimal(0)
_THOUSAND = 1000
# Levers that change what a token costs; all others change how many are needed.
PRICE_LEVERS = frozenset({"routing", "prompt_cache", "tier"})


def exact_sum(amounts: Iterable[Decimal]) -> Decimal:
    """Without rounding, which the 28 digits of Decimal's own sums would do."""
    total = _ZERO
    for amount in amounts:
        total = _EXACT.add(total, amount)
    return total


@dataclass(frozen=True, slots=True)
class Rate:
    """What one of something costs in US dollars, without Netra and with it; None of nothing."""

    before: Decimal | None
    after: Decimal | None


@dataclass(frozen=True, slots=True)
class Spend:
    """actual_usd: all that was paid, overhead_usd among it: what comparing answers cost.

    estimated_usd: saved by the ledger, less overhead. calls: of customers, refused ones left out;
    tokens: that providers counted for them at served_usd. unpriced_calls count as nothing.
    """

    calls: int = 0
    tokens: int = 0
    unpriced_calls: int = 0
    actual_usd: Decimal = _ZERO
    estimated_usd: Decimal = _ZERO
    overhead_usd: Decimal = _ZERO

    @property
    def untouched_usd(self) -> Decimal:
        """What the same calls would have cost without Netra."""
        return _EXACT.add(self.actual_usd, self.estimated_usd)

    @property
    def served_usd(self) -> Decimal:
        """What customers' calls cost, comparing left out."""
        return _EXACT.subtract(self.actual_usd, self.overhead_usd)

    @property
    def is_empty(self) -> bool:
        return not (self.calls or self.actual_usd or self.estimated_usd)

    @property
    def per_call(self) -> Rate:
        """A request, comparing included."""
        return Rate(_each(self.untouched_usd, self.calls), _each(self.actual_usd, self.calls))

    def per_thousand_tokens(self, levers: Iterable["LeverValue"]) -> Rate:
        """A thousand tokens that providers counted, at the price without and with Netra.

        A kept answer needs no token, so that it lowers the cost of a request and not of a token.
        """
        priced = exact_sum(each.saved_usd for each in levers if each.lever in PRICE_LEVERS)
        before, after = _EXACT.add(self.served_usd, priced), self.served_usd
        return Rate(*(_each(usd * _THOUSAND, self.tokens) for usd in (before, after)))


@dataclass(frozen=True, slots=True)
class LeverValue:
    """saved_usd: on customers' calls by the ledger, below 0 where it cost more than it saved.

    overhead_usd: what comparing its answers cost. lever: "" for what no lever claims.
    """

    lever: str
    saved_usd: Decimal = _ZERO
    overhead_usd: Decimal = _ZERO

    @property
    def net_usd(self) -> Decimal:
        return _EXACT.subtract(self.saved_usd, self.overhead_usd)


@dataclass(frozen=True, slots=True)
class Bucket:
    """at: where it begins, by the organization's clocks. levers: lever → net US dollars."""

    at: datetime
    spend: Spend
    levers: Mapping[str, Decimal] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ArmValue:
    """Calls of one arm. failed_calls: of all but refused ones. Latencies in ms, None of nothing."""

    arm: str
    calls: int = 0
    failed_calls: int = 0
    latency_p50_ms: float | None = None
    latency_p95_ms: float | None = None

    @property
    def failed_share(self) -> float | None:
        return self.failed_calls / self.calls if self.calls else None


@dataclass(frozen=True, slots=True)
class Window:
    """One window. levers: those that saved or cost anything; their net sums to estimated_usd."""

    since: datetime
    until: datetime
    spend: Spend
    levers: Sequence[LeverValue]

    def net_of(self, lever: str) -> Decimal:
        """What a lever saved, 0 where it did nothing."""
        return exact_sum(each.net_usd for each in self.levers if each.lever == lever)

    @property
    def per_thousand_tokens(self) -> Rate:
        return self.spend.per_thousand_tokens(self.levers)


@dataclass(frozen=True, slots=True)
class Value:
    """The answer. before: the window before, where it was asked for. holdout, treatment: of now.

    proven: None where the question is narrower than an experiment. sources: what was read.
    """

    query: ValueQuery
    now: Window
    before: Window | None
    buckets: Sequence[Bucket]
    holdout: ArmValue
    treatment: ArmValue
    proven: ProvenValue | None
    sources: Sequence[str] = ()

    @property
    def lever_names(self) -> list[str]:
        """Of both windows, this one's first."""
        windows = [self.now, self.before] if self.before else [self.now]
        return list(dict.fromkeys(each.lever for window in windows for each in window.levers))


def _each(usd: Decimal, count: int) -> Decimal | None:
    return _EXACT.divide(usd, Decimal(count)).quantize(Decimal("1e-18")) if count else None
