"""The lender of one process while Redis is away: each limit's share of this process."""

from collections.abc import Sequence

from apps.proxy.limits.accounts import Account
from apps.proxy.limits.orders import Answer, Order
from apps.proxy.limits.rules import CONCURRENCY


class LocalLender:
    """Lends 1/processes of each limit; of a budget, of what was left when Redis was last heard.

    Made anew for each outage. processes: how many shared the limits when Redis was last heard.
    """

    def __init__(self, processes: int) -> None:
        self._processes = max(1, processes)
        self._levels: dict[Account, tuple[float, float]] = {}
        self._ceilings: dict[Account, int] = {}

    def lend(self, orders: Sequence[Order], *, at_s: float) -> list[Answer]:
        """Grant exactly what is needed, to all orders or to none."""
        available = [self._available(order, at_s) for order in orders]
        is_granted = all(
            order.need == 0 or order.need <= left
            for order, left in zip(orders, available, strict=True)
        )
        return [
            self._answer(order, order.need if is_granted else 0, left, at_s)
            for order, left in zip(orders, available, strict=True)
        ]

    def _available(self, order: Order, at_s: float) -> int:
        account = order.account
        if account.is_flow:
            return self._flow(order, at_s)
        return self._ceiling(account) - account.used - account.inflight - account.spare

    def _ceiling(self, account: Account) -> int:
        """The most that this process may have used and held during the outage."""
        if account.unit == CONCURRENCY:
            return max(1, account.amount // self._processes)
        if account not in self._ceilings:
            left = account.amount - account.floor
            if account.seen is not None:
                left = min(left, account.seen)
            share = max(0, left) // self._processes
            self._ceilings[account] = account.used + account.inflight + account.spare + share
        return self._ceilings[account]

    def _flow(self, order: Order, at_s: float) -> int:
        """What a bucket of this process's share holds.

        A call larger than the share may pass when the bucket is full, which then goes into debt:
        the rate stays the share's, and no call is refused only because Redis is away.
        """
        account, share = order.account, order.account.amount / self._processes
        level, then_s = self._levels.get(account, (share, at_s))
        level = min(share, level + max(0.0, at_s - then_s) * share / 60 + order.back)
        self._levels[account] = (level, at_s)
        return account.amount if level == share else int(level + 1e-6)

    def _answer(self, order: Order, granted: int, available: int, at_s: float) -> Answer:
        account = order.account
        if account.is_flow:
            level = self._levels[account][0]
            self._levels[account] = (level - granted, at_s)
            return Answer(granted, max(0, int(level - granted)), int(level * 1000))
        return Answer(granted, available - granted, account.level)
