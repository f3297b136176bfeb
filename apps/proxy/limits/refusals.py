"""Why a call may not pass, and when to come again."""

from datetime import UTC, datetime
from math import ceil
from typing import ClassVar

from apps.kernel.errors import NetraError
from apps.proxy.limits.accounts import Account
from apps.proxy.limits.orders import Answer
from apps.proxy.limits.rules import BUDGET, CONCURRENCY, FOREVER, NANO, TOKENS
from apps.tenants.access import Limit

SLOT_RETRY_MS = 1000
_RAISE = "or ask for a higher limit"


class LimitReached(NetraError):
    """A hard limit leaves no room for this call.

    retry_after_ms: when it may fit, of a budget when its window ends; None when waiting does not
    help.
    """

    code: ClassVar[str] = "rate_limit_exceeded"
    http_status: ClassVar[int] = 429

    def __init__(self, message: str, *, limit: Limit, retry_after_ms: int | None) -> None:
        super().__init__(message)
        self.limit, self.retry_after_ms = limit, retry_after_ms


class ConcurrencyReached(LimitReached):
    """As many calls as may are open already."""

    code = "concurrency_limit_exceeded"


class BudgetExhausted(LimitReached):
    """What is left of a budget does not cover the call's worst case."""

    code = "budget_exhausted"


def refusal(account: Account, need: int, answer: Answer, at_s: float) -> LimitReached:
    """The refusal of a call that needed `need` of `account` in all."""
    if account.unit == BUDGET:
        return _budget(account, need, answer, at_s)
    if account.unit == CONCURRENCY:
        return _concurrency(account)
    return _rate(account, need, answer)


def wait_ms(account: Account, lacking: int, answer: Answer, at_s: float) -> int | None:
    """How long until `lacking` more may be there; None for never."""
    if account.unit == CONCURRENCY:
        return SLOT_RETRY_MS
    if account.unit == BUDGET:
        is_endless = account.window.name == FOREVER
        return None if is_endless else max(0, ceil((account.window.end_s - at_s) * 1000))
    if lacking > account.amount:
        return None
    return max(1, ceil((lacking * 1000 - answer.level) * 60 / account.amount))


def _rate(account: Account, need: int, answer: Answer) -> LimitReached:
    named, limit = name_of(account), account.limit
    if need > account.amount:
        asked = f"asks for {need} tokens" if account.unit == TOKENS else "asks for 1 request"
        message = f"The {named} never admits a call that {asked}. Send less, {_RAISE}."
        return LimitReached(message, limit=limit, retry_after_ms=None)
    wait = wait_ms(account, need - account.free, answer, 0.0)
    message = f"The {named} is used up. Try again in {ceil((wait or 0) / 1000)} s, {_RAISE}."
    return LimitReached(message, limit=limit, retry_after_ms=wait)


def _concurrency(account: Account) -> LimitReached:
    message = f"The {name_of(account)} is reached. Try again when one has ended, {_RAISE}."
    return ConcurrencyReached(message, limit=account.limit, retry_after_ms=SLOT_RETRY_MS)


def _budget(account: Account, need: int, answer: Answer, at_s: float) -> LimitReached:
    left = _usd(max(0, answer.available) + account.spare)
    message = (
        f"The {name_of(account)} has ${left} left, and this call may cost ${_usd(need)}. "
        f"Lower its max tokens, {_until(account)}raise the budget."
    )
    wait = wait_ms(account, need, answer, at_s)
    return BudgetExhausted(message, limit=account.limit, retry_after_ms=wait)


def _until(account: Account) -> str:
    if account.window.name == FOREVER:
        return "or "
    end = datetime.fromtimestamp(account.window.end_s, UTC)
    return f"wait until {end:%Y-%m-%d %H:%M} UTC, or "


def _usd(nanos: int) -> str:
    return f"{(nanos / NANO).normalize():f}"


def name_of(account: Account) -> str:
    """The limit in words: whose it is, how much, of what."""
    amount = f"{account.limit.amount.normalize():f}"
    subject = account.limit.subject
    if account.unit == BUDGET:
        period = {None: "in total", FOREVER: "in total"}.get(account.limit.window)
        return f"{subject}'s budget of ${amount} {period or f'per {account.limit.window}'}"
    if account.unit == CONCURRENCY:
        return f"{subject}'s limit of {amount} calls at once"
    unit = "tokens" if account.unit == TOKENS else "requests"
    return f"{subject}'s limit of {amount} {unit} per minute"
