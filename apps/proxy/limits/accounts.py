"""What this process holds of one limit in one window: its lease, its open calls, its spending."""

from datetime import datetime
from itertools import count

from apps.proxy.limits.rules import (
    BUDGET,
    CONCURRENCY,
    FOREVER,
    UNITS,
    Window,
    counted,
    nano_usd,
    window_of,
)
from apps.tenants.access import Limit

# Soft limits are counted and never refuse: they stand on a lease without end.
BOUNDLESS = 1 << 62
HORIZON_S = 1.0
IDLE_S = 1.0
# Longer than any call, so that no call settles on an account that was let go.
FORGET_S = 7200.0
# How long a silent process is waited for. Slots: a few beats. Money: until what it had open has
# been shipped as interrupted and read back as known spend.
SLOT_TTL_S, BUDGET_TTL_S = 30.0, 900.0
# How often a process with open calls says so; after a loss of data it is known again so soon.
REFRESH_S = 5.0
KEEP_TOTAL_S = 400 * 86_400.0
_HOLDERS = count(1)


class Account:
    """One limit in one window, seen from this process. Whole numbers in the limit's unit.

    free: leased and not in use; of a pool negative while more was used than leased. inflight:
    reserved by open calls. used: settled since the shared account knows us; `told` of it was
    reported. returned: of a flow what settled calls did not need, negative when they needed more;
    it goes back to the shared bucket, which must not fill above its brim. seen, level: the last
    answer; seen is None before it. is_late: what is not told yet was used during an outage, so that
    the known spend may hold it already. is_unsure: a message was sent and not answered, so the
    shared account may hold something for us of which we do not know.
    """

    __slots__ = (
        "alerts",
        "amount",
        "block",
        "borrowed_s",
        "dry_need",
        "dry_until_s",
        "floor",
        "free",
        "holder",
        "inflight",
        "is_flow",
        "is_hard",
        "is_late",
        "is_unsure",
        "key",
        "level",
        "limit",
        "returned",
        "seen",
        "seen_s",
        "told",
        "told_s",
        "touched_s",
        "unit",
        "used",
        "window",
    )

    def __init__(self, limit: Limit, window: Window, *, key: str, process: str) -> None:
        self.key, self.holder, self.window = key, f"{process}.{next(_HOLDERS)}", window
        self.inflight = self.used = self.told = self.floor = self.returned = self.level = 0
        self.block, self.dry_need = 1, 0
        self.borrowed_s = self.told_s = self.touched_s = self.seen_s = self.dry_until_s = 0.0
        self.seen: int | None = None
        self.is_late = self.is_unsure = False
        self.adopt(limit)
        self.free = 0 if self.is_hard else BOUNDLESS

    def adopt(self, limit: Limit) -> None:
        """Follow a newer snapshot's wording of the same limit."""
        self.limit, self.unit, self.amount = limit, UNITS[limit.kind], counted(limit)
        self.is_hard, self.is_flow = limit.is_hard, self.unit < CONCURRENCY
        self.alerts: list[tuple[str, int]] = []
        if self.unit == BUDGET:
            self.alerts = [(str(f), int(f * self.amount)) for f in limit.alert_fractions]

    def know_spending(self, limit: Limit, known_at: datetime) -> None:
        """Take the snapshot's spend as floor when it is of this window."""
        if self.unit == BUDGET and window_of(limit, known_at).name == self.window.name:
            self.floor = nano_usd(limit.spent_usd)

    @property
    def is_counted(self) -> bool:
        """Whether the shared account has to know: all but soft limits that cannot warn."""
        return self.is_hard or self.unit == BUDGET

    @property
    def ttl_s(self) -> float:
        """How long the shared account waits for us when we fall silent."""
        return BUDGET_TTL_S if self.unit == BUDGET else SLOT_TTL_S

    @property
    def spare(self) -> int:
        """What is leased and free, as the shared account is told."""
        return max(0, self.free) if self.is_hard else 0

    @property
    def is_quiet(self) -> bool:
        """Nothing open, leased or unreported."""
        is_told = not self.returned if self.is_flow else self.used == self.told
        return is_told and not self.inflight and not self.spare and not self.is_unsure

    def give_back(self, at_s: float) -> int:
        """Take out of the lease what is not needed: all when idle, else what exceeds two blocks."""
        kept = 0 if at_s - self.touched_s >= IDLE_S else 2 * self.block
        surplus = max(0, self.spare - kept)
        self.free -= surplus
        return surplus

    def is_forgettable(self, at_s: float) -> bool:
        """Whether a new account would serve the next call as well."""
        return self.is_quiet and at_s - self.touched_s >= FORGET_S

    def settle(self, need: int, actual: int) -> None:
        """Enter what a call that had reserved `need` came to."""
        self.inflight -= need
        if self.is_flow:
            self.returned += need - actual
            return
        self.used += actual
        self.free += need - actual

    def keep_s(self, at_s: float) -> float:
        """How long the shared account outlives our last word."""
        if self.unit != BUDGET:
            return 2 * self.ttl_s
        if self.window.name == FOREVER:
            return KEEP_TOTAL_S
        return max(0.0, self.window.end_s - at_s) + self.ttl_s

    def remaining(self, at_s: float) -> int:
        """What is left for all, as far as this process knows."""
        if self.seen is None:
            left = self.amount - self.floor - self.used - self.inflight
        else:
            refilled = (at_s - self.seen_s) * self.amount / 60 if self.is_flow else 0
            unreported = 0 if self.is_hard else self.used - self.told
            left = int(self.seen + refilled) + self.spare - unreported
        return 0 if left < 0 else min(left, self.amount)

    def grow(self, need: int, at_s: float) -> None:
        """Adapt the block so that a lease lasts about a second."""
        lasted_s = at_s - self.borrowed_s
        if lasted_s < HORIZON_S:
            self.block = min(2 * self.block, self.amount)
        elif lasted_s > 4 * HORIZON_S:
            self.block //= 2
        self.block = max(self.block, need, 1)
        self.borrowed_s = at_s
