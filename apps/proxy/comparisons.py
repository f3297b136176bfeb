"""Offers what levers would have done to be judged: sealed, bounded, sooner lost than waited for.

Sealing and sending follow the call, in one task of the process.
"""

import asyncio
from collections import deque
from time import monotonic
from typing import Protocol

from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.maint_notifications import MaintNotificationsConfig

from apps.optimization.comparisons import (
    KEPT_S,
    LARGEST,
    LONGEST_QUEUE,
    Comparison,
    queue_key,
    sealed,
    waiting_key,
)
from apps.proxy import figures
from apps.proxy.cache import AWAY

_MOST_WAITING = 256
_SEND_SECONDS = 2.0


class Comparisons(Protocol):
    """Takes what is to be judged. Neither blocks nor raises."""

    def offer(self, comparison: Comparison, data_key: bytes) -> None: ...

    async def close(self) -> None: ...


class NoComparisons:
    """Forgets them."""

    def offer(self, comparison: Comparison, data_key: bytes) -> None:
        """Forget it."""

    async def close(self) -> None:
        """There is nothing to close."""


class SharedComparisons:
    """In Valkey at `url`, below `prefix`, for the workers.

    After a failure everything is dropped for rest_s seconds. Made and used in one event loop.
    """

    def __init__(self, url: str, *, prefix: str, rest_s: float = 1.0) -> None:
        self._client = Redis.from_url(
            url,
            # Ours bound every method instead; see apps/proxy/limits/shared.py.
            socket_timeout=None,
            socket_connect_timeout=None,
            retry=Retry(NoBackoff(), 0),
            maint_notifications_config=MaintNotificationsConfig(enabled=False),
        )
        self._prefix, self._rest_s = prefix, rest_s
        self._waiting: deque[tuple[Comparison, bytes]] = deque()
        self._sending: asyncio.Task[None] | None = None
        self._back_at = 0.0

    def offer(self, comparison: Comparison, data_key: bytes) -> None:
        """Send it once there is time; drop it where too many wait already."""
        if len(self._waiting) >= _MOST_WAITING or monotonic() < self._back_at:
            figures.drop_comparison("full" if self._waiting else "away")
            return
        self._waiting.append((comparison, data_key))
        if self._sending is None or self._sending.done():
            self._sending = asyncio.create_task(self._send_all())

    async def close(self) -> None:
        """Let what waits go out for a moment, then drop the connections."""
        if self._sending is not None:
            await asyncio.wait((self._sending,), timeout=_SEND_SECONDS)
            self._sending.cancel()
        await self._client.aclose()

    async def _send_all(self) -> None:
        while self._waiting:
            comparison, data_key = self._waiting.popleft()
            try:
                box = sealed(comparison, data_key)
                if len(box) > LARGEST:
                    figures.drop_comparison("large")
                else:
                    await self._send(comparison, box)
            except AWAY:
                self._back_at = monotonic() + self._rest_s
                self._waiting.clear()
                figures.drop_comparison("away")
            except Exception:  # noqa: BLE001  (what a lever said of its own call stops no other)
                figures.drop_comparison("unreadable")

    async def _send(self, comparison: Comparison, box: bytes) -> None:
        organization_id = comparison.organization_id
        key = queue_key(self._prefix, organization_id)
        pipe = self._client.pipeline(transaction=False)
        pipe.execute_command("LPUSH", key, box)
        pipe.execute_command("LTRIM", key, 0, LONGEST_QUEUE - 1)
        pipe.execute_command("EXPIRE", key, KEPT_S)
        pipe.execute_command("SADD", waiting_key(self._prefix), organization_id.hex)
        async with asyncio.timeout(_SEND_SECONDS):
            await pipe.execute()
