"""What pricing costs a call of the gateway: the rate, the cost, and the hold on the budget."""

from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from functools import partial
from json import dumps, loads
from statistics import median
from time import perf_counter

from apps.kernel.tokens import TokenBuckets
from apps.pricing.catalogue import shipped_catalogue
from apps.pricing.rates import PriceBook, cost_usd, worst_case_usd
from bench.rows import Row

TARGET_US = 15.0
LOOKUP_TARGET_US = 1.0
AT = datetime(2026, 11, 21, 12, tzinfo=UTC)
CALLED = ("openai", "gpt-4o-2024-08-06", "standard", "")
COUNTS = {"input_uncached": 9_000, "cache_read": 1_000, "output": 400, "reasoning": 300}
ORGANIZATIONS = 1_000


def run(quick: bool) -> list[Row]:
    """Microseconds a call; the baseline is a dict lookup and three multiplications of Decimals."""
    times = 20_000 if quick else 200_000
    everybodys = _book()
    book = everybodys.for_organization("organization-7")
    rate = book.rate(*CALLED, AT)
    assert rate
    buckets = TokenBuckets(**COUNTS)
    least = _us(_baseline, times)
    plain = dumps(everybodys.to_dict())
    return [
        _row("rate, cost and buckets of one call", _us(partial(_price, book), times), least),
        _row("cost alone", _us(partial(cost_usd, buckets, rate), times), least),
        _row("hold: worst case", _us(partial(worst_case_usd, rate, 10_000, 4_096), times), least),
        _row(
            "rate, seen before", _us(partial(book.rate, *CALLED, AT), times), None, LOOKUP_TARGET_US
        ),
        _row("rate, first seen", _us(partial(_first, book), times // 20), None, None),
        Row("book read from a snapshot", _us(lambda: PriceBook.from_dict(loads(plain)), 20), "µs"),
        Row("size of the book in a snapshot", len(plain) / 1_000, "kB"),
    ]


def _book() -> PriceBook:
    """The shipped catalogue with a contract for each of a thousand organizations."""
    contracts = [
        {"organization": f"organization-{n}", "provider": "openai", "discount": "0.1"}
        for n in range(ORGANIZATIONS)
    ]
    return PriceBook.from_catalogue(shipped_catalogue(), version=1, contracts=contracts)


def _price(book: PriceBook) -> None:
    rate = book.rate(*CALLED, AT)
    assert rate
    cost_usd(TokenBuckets(**COUNTS), rate)


_PRICES = {"gpt-4o-2024-08-06": (Decimal("2.5e-6"), Decimal("1.25e-6"), Decimal("1e-5"))}


def _baseline() -> Decimal:
    read, cached, written = _PRICES["gpt-4o-2024-08-06"]
    return 9_000 * read + 1_000 * cached + 700 * written


def _first(book: PriceBook) -> None:
    book._schedules.clear()
    book.rate(*CALLED, AT)


def _us(action: Callable[[], object], times: int) -> float:
    """Microseconds of one `action`, the median of five rounds."""
    return median(_seconds(action, times // 5) for _ in range(5)) / (times // 5) * 1e6


def _seconds(action: Callable[[], object], times: int) -> float:
    started = perf_counter()
    for _ in range(times):
        action()
    return perf_counter() - started


def _row(
    figure: str, value: float, baseline: float | None, target: float | None = TARGET_US
) -> Row:
    met = None if target is None else value <= target
    return Row(figure, value, "µs", baseline, target, met)
