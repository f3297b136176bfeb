"""The generic cell rate algorithm: one number per caller, no window that can be gamed.

A caller may spend `limit` calls at once and gets them back evenly over `period_s` seconds. The
number is the theoretical arrival time (TAT) at which the caller's allowance is whole again.
Source: ITU-T I.371; B. Brandur, "Rate limiting, cells, and GCRA".
"""

import math
import threading
from collections import OrderedDict
from dataclasses import dataclass
from typing import Any

import structlog
from redis import RedisError

log = structlog.get_logger(__name__)

PERIOD_S = 60
# After a failure Redis is left alone for this long, so that an outage costs no time per call.
PAUSE_S = 2.0
# Reads the server's clock, so that the clocks of several processes cannot disagree.
SCRIPT = """
local limit = tonumber(ARGV[1])
local period = tonumber(ARGV[2])
local time = redis.call('TIME')
local now = tonumber(time[1]) + tonumber(time[2]) / 1000000
local step = period / limit
local tat = math.max(tonumber(redis.call('GET', KEYS[1]) or now), now)
local wait = tat + step - now - period
if wait > 1e-6 then
  return {0, tostring(wait), tostring(tat - now)}
end
tat = tat + step
redis.call('SET', KEYS[1], string.format('%.6f', tat), 'PX', math.ceil((tat - now) * 1000) + 1)
return {1, '0', tostring(tat - now)}
"""


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a call may pass, and what its caller has left. Times in seconds."""

    is_allowed: bool
    limit: int
    remaining: int
    reset_s: int
    wait_s: float


def verdict(
    *, limit: int, period_s: float, is_allowed: bool, wait_s: float, used_s: float
) -> Verdict:
    """used_s: how far the caller's TAT lies ahead of now."""
    left = int((period_s - used_s) * limit / period_s + 1e-6)
    return Verdict(is_allowed, limit, max(0, left), math.ceil(used_s), wait_s)


class SharedLimiter:
    """Counts in Redis: one atomic script, right for any number of processes."""

    def __init__(self, client: Any) -> None:
        self._script = client.register_script(SCRIPT)

    def spend(self, key: str, *, limit: int, period_s: float) -> Verdict:
        """Spend one call of `key`. Raises redis.RedisError."""
        allowed, wait, used = self._script(keys=[key], args=[limit, period_s])
        return verdict(
            limit=limit,
            period_s=period_s,
            is_allowed=bool(allowed),
            wait_s=float(wait),
            used_s=float(used),
        )


class LocalLimiter:
    """The same in this process only, for the `capacity` callers seen last."""

    def __init__(self, capacity: int = 10_000) -> None:
        self._arrivals: OrderedDict[str, float] = OrderedDict()
        self._capacity = capacity
        self._lock = threading.Lock()

    def spend(self, key: str, *, limit: int, period_s: float, now_s: float) -> Verdict:
        """Spend one call of `key` at `now_s`, seconds of a clock that never goes back."""
        with self._lock:
            tat = max(self._arrivals.get(key, now_s), now_s)
            wait_s = tat + period_s / limit - now_s - period_s
            is_allowed = wait_s <= 1e-6
            if is_allowed:
                tat += period_s / limit
                self._remember(key, tat)
        return verdict(
            limit=limit,
            period_s=period_s,
            is_allowed=is_allowed,
            wait_s=max(0.0, wait_s),
            used_s=tat - now_s,
        )

    def _remember(self, key: str, tat: float) -> None:
        self._arrivals[key] = tat
        self._arrivals.move_to_end(key)
        if len(self._arrivals) > self._capacity:
            self._arrivals.popitem(last=False)


class CallerLimiter:
    """The shared limiter, or the local one while the shared one fails."""

    def __init__(self, shared: SharedLimiter, local: LocalLimiter) -> None:
        self._shared, self._local = shared, local
        self._paused_until_s = 0.0

    def spend(self, key: str, *, limit: int, now_s: float) -> Verdict:
        """Spend one call of `key`; never raises for an outage. now_s: a monotonic clock."""
        if now_s >= self._paused_until_s:
            try:
                return self._shared.spend(key, limit=limit, period_s=PERIOD_S)
            except RedisError as error:
                self._paused_until_s = now_s + PAUSE_S
                log.warning("throttle_counts_locally", reason=type(error).__name__)
        return self._local.spend(key, limit=limit, period_s=PERIOD_S, now_s=now_s)
