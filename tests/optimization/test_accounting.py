"""Savings sum to the difference exactly, whatever the levers did."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.kernel.tokens import TokenBuckets
from apps.optimization.access import LEVERS
from apps.optimization.accounting import decomposed, repeated, restored

AMOUNTS = st.decimals(0, 10**9, places=18, allow_nan=False)


@given(AMOUNTS, st.lists(st.tuples(st.sampled_from(LEVERS), AMOUNTS), min_size=1, max_size=9))
def test_savings_of_levers_sum_to_counterfactual_minus_actual(
    untouched: Decimal, steps: list[tuple[str, Decimal]]
) -> None:
    saved = decomposed(untouched, steps)
    micro = [int(each.scaleb(18)) for each in (untouched, steps[-1][1])]
    assert sum(int(each.scaleb(18)) for each in saved.values()) == micro[0] - micro[1]


def test_what_cost_more_is_a_negative_saving_and_nothing_saves_nothing() -> None:
    steps = [("routing", Decimal(5)), ("compression", Decimal(7))]
    assert decomposed(Decimal(6), steps) == {"routing": Decimal(1), "compression": Decimal(-2)}
    assert decomposed(Decimal(6), []) == {}


@pytest.mark.parametrize(
    ("age_s", "is_unasked", "read", "uncached"),
    [
        (10, True, 3000 + 1024 + 500, 76),
        (10, False, 3000 + 500, 1100),
        (400, True, 500, 1100),
        (4000, True, 0, 1100),
    ],
)
def test_a_repeated_call_reads_what_the_provider_still_holds(
    age_s: float, *, is_unasked: bool, read: int, uncached: int
) -> None:
    asked = TokenBuckets(input_uncached=1100, cache_write_5m=3000, cache_write_1h=500, output=9)
    again = repeated(asked, age_s=age_s, is_unasked=is_unasked)
    assert (again.cache_read, again.input_uncached) == (read, uncached)
    assert (again.total, again.output) == (asked.total, 9)


@pytest.mark.parametrize(
    ("read", "sent", "is_unasked", "expected"),
    [
        (0, 500, False, (0, 800)),
        (400, 500, True, (600, 600)),
        (0, 2000, True, (0, 2300)),
        (0, 800, True, None),
    ],
)
def test_what_a_call_was_spared_it_would_have_paid_for_the_least_it_could(
    read: int, sent: int, expected: tuple[int, int] | None, *, is_unasked: bool
) -> None:
    buckets = TokenBuckets(input_uncached=sent, cache_read=read, output=7)
    found = restored(buckets, new=100, old=200, is_kept_unasked=is_unasked)
    assert (found and (found.cache_read, found.input_uncached, found.output)) == (
        expected and (*expected, 7)
    )
