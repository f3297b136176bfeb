"""Where kept answers lie: Valkey, which may be slow, away or empty at any moment."""

import asyncio
from time import monotonic
from typing import Protocol

from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.maint_notifications import MaintNotificationsConfig

AWAY = (RedisError, OSError, TimeoutError)
_CONNECTIONS = 32
# Storing is not waited for by anybody.
_PUT_SECONDS = 2.0


class AnswerStore(Protocol):
    """Sealed answers by key. Raises nothing: what cannot be read is not there."""

    async def get(self, key: str) -> bytes | None: ...

    async def put(self, key: str, sealed: bytes, *, ttl_s: int) -> None: ...

    async def close(self) -> None: ...


class NoAnswers:
    """Keeps nothing."""

    async def get(self, key: str) -> bytes | None:
        """None."""

    async def put(self, key: str, sealed: bytes, *, ttl_s: int) -> None:
        """Forget it."""

    async def close(self) -> None:
        """There is nothing to close."""


class SharedAnswers:
    """Kept in Valkey at `url`, below `prefix`, for all processes.

    patience_s: seconds that a call waits for an answer at most. After a failure nobody asks for
    rest_s seconds.
    """

    def __init__(
        self, url: str, *, prefix: str, patience_s: float = 0.005, rest_s: float = 1.0
    ) -> None:
        pool = BlockingConnectionPool.from_url(
            url,
            max_connections=_CONNECTIONS,
            timeout=patience_s,
            # Ours bound every method instead; see apps/proxy/limits/shared.py.
            socket_timeout=None,
            socket_connect_timeout=None,
            retry=Retry(NoBackoff(), 0),
            maint_notifications_config=MaintNotificationsConfig(enabled=False),
        )
        self._client = Redis.from_pool(pool)
        self._prefix, self._patience_s, self._rest_s = prefix, patience_s, rest_s
        self._back_at = 0.0

    async def get(self, key: str) -> bytes | None:
        """The sealed answer; None within patience_s when there is none, or no store."""
        if monotonic() < self._back_at:
            return None
        try:
            async with asyncio.timeout(self._patience_s):
                kept = await self._client.get(f"{self._prefix}:{key}")
        except AWAY:
            self._back_at = monotonic() + self._rest_s
            return None
        return kept if isinstance(kept, bytes) else None

    async def put(self, key: str, sealed: bytes, *, ttl_s: int) -> None:
        """Keep it for ttl_s seconds, if the store is there."""
        try:
            async with asyncio.timeout(_PUT_SECONDS):
                await self._client.set(f"{self._prefix}:{key}", sealed, ex=ttl_s)
        except AWAY:
            self._back_at = monotonic() + self._rest_s

    async def close(self) -> None:
        """Drop the connections."""
        await self._client.aclose()
