"""What a call holds of its limits until it is settled, and what its answer tells about them."""

from collections.abc import Iterable, Sequence
from decimal import Decimal
from math import ceil

from apps.kernel.events import Alert
from apps.proxy.limits.accounts import Account
from apps.proxy.limits.books import Book
from apps.proxy.limits.rules import BUDGET, NANO, REQUESTS, TOKENS

_NAMES = ((REQUESTS, "Requests"), (TOKENS, "Tokens"))


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
    def headers(self) -> dict[str, str]:
        """Our own headers; the provider's `x-ratelimit-*` are not touched.

        Of each kind the limit of which the smallest share is left, as far as this process knows.
        Resets are seconds until the limit is whole again.
        """
        at_s = self.at_s
        found: dict[str, str] = {}
        for unit, name in _NAMES:
            tightest = _tightest(self.accounts, unit, at_s)
            if tightest:
                found |= _rate_headers(tightest, name, at_s)
        budget = _tightest(self.accounts, BUDGET, at_s)
        return found | _budget_headers(budget, at_s) if budget else found


UNLIMITED = Hold(None, (), (), 0.0)
UNLIMITED.is_settled = True


def _tightest(accounts: Iterable[Account], unit: int, at_s: float) -> Account | None:
    same = [account for account in accounts if account.unit == unit and account.is_counted]
    return min(same, key=lambda a: a.remaining(at_s) / (a.amount or 1), default=None)


def _rate_headers(account: Account, name: str, at_s: float) -> dict[str, str]:
    remaining = account.remaining(at_s)
    missing = account.amount - remaining
    return {
        f"Netra-Limit-{name}": str(account.amount),
        f"Netra-Remaining-{name}": str(remaining),
        f"Netra-Reset-{name}": str(ceil(missing * 60 / account.amount) if missing else 0),
    }


def _budget_headers(account: Account, at_s: float) -> dict[str, str]:
    remaining = Decimal(account.remaining(at_s)) / NANO
    return {
        "Netra-Budget-Limit-Usd": f"{account.limit.amount.normalize():f}",
        "Netra-Budget-Remaining-Usd": f"{remaining.normalize():f}",
    }
