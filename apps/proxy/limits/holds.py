"""What a call holds of its limits until it is settled, and what its answer tells about them."""

from collections.abc import Iterable, Sequence
from decimal import Decimal
from math import inf

from apps.kernel.events import Alert
from apps.proxy.limits.accounts import Account
from apps.proxy.limits.books import Book
from apps.proxy.limits.rules import BUDGET, CONCURRENCY, REQUESTS, TOKENS

_NANO_DIGITS = 9
_RATES = {
    REQUESTS: (b"netra-limit-requests", b"netra-remaining-requests", b"netra-reset-requests"),
    TOKENS: (b"netra-limit-tokens", b"netra-remaining-tokens", b"netra-reset-tokens"),
}
_SECONDS = 60
Headers = list[tuple[bytes, bytes]]


class Hold:
    """The reserved worst case of one call. needs: by unit, as in rules.UNITS.

    alerts: what the record stage hands on; of any budget of the organization.
    """

    __slots__ = ("accounts", "alerts", "at_s", "book", "is_settled", "needs")

    def __init__(
        self, book: Book | None, accounts: Sequence[Account], needs: Sequence[int], at_s: float
    ) -> None:
        self.book, self.accounts, self.needs, self.at_s = book, accounts, needs, at_s
        self.alerts: Sequence[Alert] = ()
        self.is_settled = False

    @property
    def headers(self) -> Headers:
        """Our own headers, in lower case; the provider's `x-ratelimit-*` are not touched.

        Of each kind the limit of which the smallest share is left, as far as this process knows.
        Resets are seconds until the limit is whole again.
        """
        found: Headers = []
        for unit, (account, remaining) in _tightest(self.accounts, self.at_s).items():
            if unit == BUDGET:
                found += _budget_headers(account, remaining)
            else:
                found += _rate_headers(account, remaining)
        return found


UNLIMITED = Hold(None, (), (), 0.0)
UNLIMITED.is_settled = True


def _tightest(accounts: Iterable[Account], at_s: float) -> dict[int, tuple[Account, int]]:
    """By unit the account of which the smallest share is left, and how much that is."""
    found: dict[int, tuple[Account, int]] = {}
    shares: dict[int, float] = {}
    for account in accounts:
        unit = account.unit
        if unit != CONCURRENCY and account.is_counted:
            remaining = account.remaining(at_s)
            share = remaining / (account.amount or 1)
            if share < shares.get(unit, inf):
                shares[unit], found[unit] = share, (account, remaining)
    return found


def _rate_headers(account: Account, remaining: int) -> Headers:
    amount = account.amount
    wait = -(-(amount - remaining) * _SECONDS // amount) if amount else 0
    limit, left, reset = _RATES[account.unit]
    return [(limit, b"%d" % amount), (left, b"%d" % remaining), (reset, b"%d" % wait)]


def _budget_headers(account: Account, remaining: int) -> Headers:
    left = Decimal(remaining).scaleb(-_NANO_DIGITS).normalize()
    return [
        (b"netra-budget-limit-usd", f"{account.limit.amount.normalize():f}".encode()),
        (b"netra-budget-remaining-usd", f"{left:f}".encode()),
    ]
