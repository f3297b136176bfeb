"""The only rounding of money: of invoice lines, and of what people read."""

from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal, localcontext

# The places after the point of every currency we invoice in (ISO 4217).
MINOR_DIGITS = {"USD": 2, "EUR": 2, "GBP": 2, "JPY": 0}
_CENT = Decimal("0.01")


class UnknownCurrency(ValueError):
    """A currency we do not invoice in."""


@dataclass(frozen=True, slots=True)
class Rounded:
    """An amount in minor units and the exact remainder to carry to the next invoice line."""

    amount_minor: int
    remainder: Decimal


def shown_usd(amount: Decimal | None) -> str:
    """US dollars for people to read: cents, or two digits of what is less than a cent.

    A call costs a fraction of a cent, and $0.00 would say that it was free. None is "–".
    """
    if amount is None:
        return "–"
    with localcontext(prec=60):
        places = 1 - amount.adjusted() if 0 < abs(amount) < _CENT else 2
        rounded = amount.quantize(Decimal(1).scaleb(-places), ROUND_HALF_EVEN)
    return f"{'-' if rounded < 0 else ''}${abs(rounded):,f}"


def round_to_minor(amount: Decimal, currency: str) -> Rounded:
    """Round an exact amount in major units to minor units, half to even.

    amount: exact, in major units of `currency` (USD 1.005 is Decimal("1.005")).
    Returns minor units and the remainder, so that
    amount == amount_minor / 10**digits + remainder exactly. Raises UnknownCurrency.
    """
    if currency not in MINOR_DIGITS:
        raise UnknownCurrency(f"{currency} is not one of {', '.join(MINOR_DIGITS)}.")
    digits = MINOR_DIGITS[currency]
    with localcontext(prec=60):
        amount_minor = amount.scaleb(digits).to_integral_value(ROUND_HALF_EVEN)
        return Rounded(int(amount_minor), amount - amount_minor.scaleb(-digits))
