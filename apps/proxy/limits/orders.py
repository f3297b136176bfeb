"""What a process asks a lender for one account, and what it is told."""

from collections.abc import Sequence
from math import ceil
from typing import Any, NamedTuple

from apps.proxy.limits.accounts import REFRESH_S, Account


class Order:
    """A wish of one account, with the figures it stood on when it was sent.

    need: without it the call is refused. want: what would save the next round trips; >= need.
    unit: what one such call takes.
    back: units of a flow that settled calls did not need; negative when they needed more.
    """

    __slots__ = (
        "account",
        "alerts",
        "back",
        "inflight",
        "late",
        "need",
        "spare",
        "told",
        "unit",
        "used",
        "want",
    )

    def __init__(
        self, account: Account, *, need: int = 0, want: int = 0, unit: int = 1, back: int = 0
    ) -> None:
        self.account, self.need, self.want, self.back = account, need, want, back
        self.unit = max(1, unit)
        self.alerts = account.alerts
        self.used, self.told = account.used, account.told
        self.late = account.used - account.told if account.is_late else 0
        self.inflight, self.spare = account.inflight, account.spare


class Answer(NamedTuple):
    """What a lender says to one order.

    available: left for all after the grant. level: of a flow what was there in thousandths of a
    unit, of a pool what all have spent. is_unknown: the shared account did not know this process
    (first word, lost data, silent for too long). fired: positions of alerts reached just now.
    """

    granted: int
    available: int
    level: int
    is_unknown: bool = False
    fired: Sequence[int] = ()


def order_call(account: Account, need: int, *, at_s: float, processes: int) -> Order:
    """What `account` needs so that a call of `need` fits, topped up to a block."""
    back = _take_returned(account)
    if not account.is_hard:
        return Order(account, back=back)
    lacking = max(0, need - account.free)
    if lacking:
        account.grow(need, at_s)
    want = max(lacking, _block(account, processes) - account.free)
    return Order(account, need=lacking, want=max(0, want), unit=need, back=back)


def _block(account: Account, processes: int) -> int:
    """All blocks of a flow are at most what comes back in a second, so that bursts stay small."""
    if not account.is_flow:
        return account.block
    return min(account.block, ceil(account.amount / 60 / processes))


def order_report(account: Account, at_s: float) -> Order | None:
    """What is to be told without a call: spending, leases given back, a sign of life."""
    back = account.give_back(at_s)
    if account.is_flow:
        back += _take_returned(account)
        return Order(account, back=back) if back else None
    is_news = back or account.is_unsure or account.used != account.told
    is_due = at_s - account.told_s >= REFRESH_S and not account.is_quiet
    return Order(account) if is_news or is_due else None


def _take_returned(account: Account) -> int:
    back, account.returned = account.returned, 0
    return back


def accept_local(order: Order, answer: Answer, at_s: float) -> None:
    """Enter the answer of a lender that the shared account knows nothing of."""
    account = order.account
    account.free += answer.granted
    account.seen, account.seen_s, account.level = answer.available, at_s, answer.level


def accept_shared(order: Order, answer: Answer, at_s: float) -> None:
    """Enter a shared answer. A pool that was not known starts again from what is open."""
    accept_local(order, answer, at_s)
    account = order.account
    if account.is_flow:
        return
    if answer.is_unknown:
        account.used -= order.told
        account.free -= order.spare
    account.told = order.used - (order.told if answer.is_unknown else 0)
    account.told_s, account.is_late, account.is_unsure = at_s, False, False
    if account.free < 0:  # what was used beyond the lease is booked now
        account.free = 0


def mark_sent(order: Order) -> None:
    """A pool's message must be followed by another one unless it is answered."""
    order.account.is_unsure = not order.account.is_flow


def encode(order: Order, at_s: float) -> dict[str, Any]:
    """The order as lend.lua reads it."""
    account = order.account
    asked = {"limit": account.amount, "need": order.need, "want": order.want, "unit": order.unit}
    if account.is_flow:
        return asked | {"back": order.back}
    return asked | {
        "holder": account.holder,
        "used": order.used,
        "kept": order.inflight + order.spare,
        "new_used": order.used - order.told,
        "new_kept": order.inflight,
        "floor": account.floor,
        "late": order.late,
        "alerts": order.alerts,
        "ttl": account.ttl_s * 1000,
        "keep": account.keep_s(at_s) * 1000,
    }
