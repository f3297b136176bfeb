from datetime import UTC, datetime, time
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.kernel.tokens import BUCKETS, INPUT_BUCKETS, TokenBuckets
from apps.pricing.rates import (
    InvalidRate,
    Rate,
    Step,
    TokenPrices,
    Unpriced,
    cost_usd,
    worst_case_usd,
)

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
# Up to 100 USD per million tokens, as fine as prices may be.
PRICES = st.integers(0, 10**14).map(lambda atoms: Decimal(atoms).scaleb(-18))
COUNTS = st.lists(st.integers(0, 2_000_000), min_size=len(BUCKETS), max_size=len(BUCKETS))
BUCKETS_OF_A_CALL = COUNTS.map(lambda counts: TokenBuckets(*counts))


def make_rate(
    prices: TokenPrices | None = None, steps: tuple[Step, ...] = (), **fields: Any
) -> Rate:
    prices = prices or TokenPrices.of({"input_uncached": Decimal(2), "output": Decimal(8)})
    return Rate("openai", "gpt", "standard", "", prices, steps, **fields)


def raised(prices: TokenPrices, by: int) -> TokenPrices:
    return TokenPrices(**{name: price * by for name, price in prices.by_bucket.items()})


@st.composite
def rates(draw: st.DrawFn) -> Rate:
    prices = TokenPrices(**{name: draw(PRICES) for name in BUCKETS})
    steps = tuple(
        Step(above, raised(prices, by)) for by, above in enumerate((100_000, 1_000_000), start=2)
    )
    units = {"request": draw(PRICES), "web_search": draw(PRICES)}
    return make_rate(prices, draw(st.sampled_from([(), steps[:1], steps])), units=units)


def expected(buckets: TokenBuckets, rate: Rate, searches: int) -> Fraction:
    """The cost by the definition, in exact fractions and without any of our shortcuts."""
    prices = rate.prices
    for step in rate.steps:
        if buckets.input_total > step.above:
            prices = step.prices
    tokens: Fraction = sum(
        getattr(buckets, name) * Fraction(getattr(prices, name) or 0) for name in BUCKETS
    )
    return tokens + Fraction(rate.units["request"]) + searches * Fraction(rate.units["web_search"])


@given(BUCKETS_OF_A_CALL, rates(), st.integers(0, 50))
def test_a_cost_is_the_exact_sum_over_the_buckets(
    buckets: TokenBuckets, rate: Rate, searches: int
) -> None:
    cost = cost_usd(buckets, rate, {"web_search": searches})

    assert Fraction(cost) == expected(buckets, rate, searches)


@given(BUCKETS_OF_A_CALL, BUCKETS_OF_A_CALL, rates())
def test_more_tokens_never_cost_less(one: TokenBuckets, more: TokenBuckets, rate: Rate) -> None:
    assert cost_usd(one + more, rate) >= cost_usd(one, rate)


@given(BUCKETS_OF_A_CALL, rates())
def test_no_call_costs_more_than_its_worst_case(buckets: TokenBuckets, rate: Rate) -> None:
    bound = worst_case_usd(rate, buckets.input_total, buckets.output_total)

    assert cost_usd(buckets, rate) <= bound


@given(rates(), st.integers(0, 2_000_000), st.integers(0, 2_000_000))
def test_a_worst_case_of_fewer_buckets_is_closer_and_still_holds(
    rate: Rate, sent: int, generated: int
) -> None:
    text = ("input_uncached", "output")
    buckets = TokenBuckets(input_uncached=sent, output=generated)
    bound = worst_case_usd(rate, sent, generated, buckets=text)

    assert cost_usd(buckets, rate) == bound <= worst_case_usd(rate, sent, generated)


def test_a_longer_context_raises_the_whole_call() -> None:
    base = TokenPrices.of({"input_uncached": Decimal(1), "output": Decimal(10)})
    rate = make_rate(base, (Step(200, raised(base, 2)),))

    assert cost_usd(TokenBuckets(input_uncached=200, output=1), rate) == 210
    assert cost_usd(TokenBuckets(input_uncached=201, output=1), rate) == 422
    # What was read from the cache is part of the context.
    assert cost_usd(TokenBuckets(cache_read=201, output=1), rate) == 422


def test_a_bucket_without_a_price_costs_what_its_kind_costs() -> None:
    prices = TokenPrices.of(
        {name: Decimal(n) for name, n in (("input_uncached", 2), ("output", 8))}
    )

    assert all(getattr(prices, name) == (2 if name in INPUT_BUCKETS else 8) for name in BUCKETS)
    hour = TokenPrices.of({"input_uncached": Decimal(2), "cache_write_5m": Decimal(3)})
    assert hour.cache_write_1h == 3


def test_tokens_that_nobody_priced_are_not_free() -> None:
    rate = make_rate(TokenPrices.of({"input_uncached": Decimal(1)}))

    assert cost_usd(TokenBuckets(input_uncached=3), rate) == 3
    with pytest.raises(Unpriced, match="output tokens"):
        cost_usd(TokenBuckets(output=1), rate)
    with pytest.raises(Unpriced, match="output"):
        worst_case_usd(rate, 1, 1)


def test_units_that_nobody_priced_are_not_free() -> None:
    rate = make_rate(units={"web_search": Decimal("0.01")})

    assert cost_usd(TokenBuckets(), rate, {"web_search": 2, "file_search": 0}) == Decimal("0.02")
    with pytest.raises(Unpriced, match="file_search"):
        cost_usd(TokenBuckets(), rate, {"file_search": 1})


def test_seconds_may_be_parts_of_one() -> None:
    rate = make_rate(units={"audio_second": Decimal("0.0001")})

    assert cost_usd(TokenBuckets(), rate, {"audio_second": Decimal("1.5")}) == Decimal("0.00015")


def test_a_request_is_charged_once_without_being_counted() -> None:
    rate = make_rate(units={"request": Decimal("0.005")})

    assert cost_usd(TokenBuckets(), rate) == Decimal("0.005")


@pytest.mark.parametrize(
    "fields",
    [
        {"prices": TokenPrices(input_uncached=Decimal(-1))},
        {"prices": TokenPrices(input_uncached=Decimal("1e-19"))},
        {"units": {"image": Decimal(-1)}},
        {"steps": (Step(5, TokenPrices.of({"input_uncached": Decimal(1), "output": Decimal(8)})),)},
        {"steps": (Step(5, TokenPrices.of({"input_uncached": Decimal(2)})),)},
    ],
    ids=["negative", "too fine", "negative unit", "cheaper step", "step without a bucket"],
)
def test_a_rate_that_could_not_be_bounded_is_refused(fields: dict[str, Any]) -> None:
    with pytest.raises(InvalidRate):
        make_rate(**fields)


def test_a_rate_holds_from_its_start_to_just_before_its_end() -> None:
    start, end = datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 2, 1, tzinfo=UTC)
    rate = make_rate(valid_from=start, valid_to=end)

    assert [rate.holds(at) for at in (start, end)] == [True, False]
    assert not rate.holds(datetime.min.replace(tzinfo=UTC))
    assert make_rate().holds(NOON)


def test_a_daily_rate_holds_in_its_hours_across_midnight_too() -> None:
    day, night = make_rate(daily=(time(1), time(4))), make_rate(daily=(time(22), time(2)))

    hours = [NOON.replace(hour=hour) for hour in range(24)]
    assert [at.hour for at in hours if day.holds(at)] == [1, 2, 3]
    assert [at.hour for at in hours if night.holds(at)] == [0, 1, 22, 23]
