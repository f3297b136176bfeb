from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.kernel.money import MINOR_DIGITS, UnknownCurrency, round_to_minor, shown_usd

AMOUNTS = st.decimals(min_value=-(10**15), max_value=10**15, places=12, allow_nan=False)


@pytest.mark.parametrize(
    ("amount", "amount_minor", "remainder"),
    [
        ("1.005", 100, "0.005"),
        ("1.015", 102, "-0.005"),
        ("-1.005", -100, "-0.005"),
        ("0", 0, "0"),
        ("0.000000000001", 0, "0.000000000001"),
    ],
)
def test_halves_go_to_the_even_cent(amount: str, amount_minor: int, remainder: str) -> None:
    rounded = round_to_minor(Decimal(amount), "USD")

    assert (rounded.amount_minor, rounded.remainder) == (amount_minor, Decimal(remainder))


@given(amount=AMOUNTS, currency=st.sampled_from(sorted(MINOR_DIGITS)))
def test_nothing_is_lost_and_at_most_half_a_minor_unit_is_carried(
    amount: Decimal, currency: str
) -> None:
    unit = Decimal(1).scaleb(-MINOR_DIGITS[currency])

    rounded = round_to_minor(amount, currency)

    assert rounded.amount_minor * unit + rounded.remainder == amount
    assert abs(rounded.remainder) <= unit / 2


def test_an_unknown_currency_is_refused() -> None:
    with pytest.raises(UnknownCurrency, match="XXX is not one of USD"):
        round_to_minor(Decimal(1), "XXX")


@pytest.mark.parametrize(
    ("amount", "shown"),
    [
        ("1234567.895", "$1,234,567.90"),
        ("-1.484", "-$1.48"),
        ("0", "$0.00"),
        ("0.000000000000000000", "$0.00"),
        ("0.01", "$0.01"),
        ("0.0099", "$0.0099"),
        ("0.00995", "$0.0100"),
        ("0.000673200000000000", "$0.00067"),
        ("-0.0000000000000000019", "-$0.0000000000000000019"),
        (None, "–"),
    ],
)
def test_people_read_cents_and_of_less_two_digits(amount: str | None, shown: str) -> None:
    assert shown_usd(None if amount is None else Decimal(amount)) == shown
