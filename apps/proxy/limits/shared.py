"""The lender that all processes share: one script on Redis for all limits of a call."""

import asyncio
from collections.abc import Callable, Sequence
from itertools import count
from pathlib import Path
from typing import Any

import orjson
from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import NoScriptError, RedisError
from redis.maint_notifications import MaintNotificationsConfig

from apps.proxy.limits.orders import Answer, Order, encode

LEND = Path(__file__).with_name("lend.lua").read_text()
BEAT = Path(__file__).with_name("beat.lua").read_text()
SILENT_MS = 10_000
CONNECTIONS = 32
AWAY = (RedisError, OSError, TimeoutError)


class Overtaken(RedisError):
    """A later message of this process was booked before this one; its answer means nothing."""


class SharedLender:
    """Lends from counters in Redis. Every method raises one of AWAY within about timeout_s.

    clock: Unix ms for the counters; None is the server's clock, so that processes whose clocks
    differ agree. process: unique to this run of this process.
    """

    def __init__(
        self,
        url: str,
        *,
        prefix: str,
        process: str,
        timeout_s: float,
        clock: Callable[[], int] | None,
    ) -> None:
        pool = BlockingConnectionPool.from_url(
            url,
            max_connections=CONNECTIONS,
            timeout=timeout_s,
            # The client's own timeouts stand on wait_for, which may swallow a cancellation before
            # Python 3.12; ours bound every method instead.
            socket_timeout=None,
            socket_connect_timeout=None,
            retry=Retry(NoBackoff(), 0),
            # With them on, a connection that the server has closed would not be noticed before use.
            maint_notifications_config=MaintNotificationsConfig(enabled=False),
        )
        self._client = Redis.from_pool(pool)
        self._processes_key, self._process = f"{prefix}:limits:processes", process
        self._timeout_s, self._clock = timeout_s, clock or (lambda: 0)
        self._sequence = count(1)
        self._lend_sha = ""

    async def lend(
        self, batches: Sequence[Sequence[Order]], *, share: float, at_s: float
    ) -> list[list[Answer]]:
        """Answer each batch (all of one organization) as a whole, in one round trip.

        share: the part of what is available that one process may take beyond its need.
        """
        calls = [self._call(batch, share, at_s) for batch in batches]
        async with asyncio.timeout(self._timeout_s):
            replies = await self._evaluate(calls)
        return [[_answer(reply) for reply in _whole(batch)] for batch in replies]

    def _call(self, orders: Sequence[Order], share: float, at_s: float) -> tuple[Any, ...]:
        keys = [order.account.key for order in orders]
        body = {"now": self._clock(), "seq": next(self._sequence), "share": share}
        encoded = orjson.dumps(body | {"orders": [encode(order, at_s) for order in orders]})
        return (len(keys), *keys, encoded)

    async def _evaluate(self, calls: Sequence[tuple[Any, ...]]) -> list[Any]:
        try:
            return await self._pipeline(calls)
        except NoScriptError:  # a new server; nothing of ours ran on it
            self._lend_sha = str(await self._client.script_load(LEND))
            return await self._pipeline(calls)

    async def _pipeline(self, calls: Sequence[tuple[Any, ...]]) -> list[Any]:
        if not self._lend_sha:
            self._lend_sha = str(await self._client.script_load(LEND))
        pipe = self._client.pipeline(transaction=False)
        for call in calls:
            pipe.execute_command("EVALSHA", self._lend_sha, *call)
        return list(await pipe.execute())

    async def beat(self) -> int:
        """Say that this process lives; how many do."""
        async with asyncio.timeout(self._timeout_s):
            key = self._processes_key
            return int(await self._client.eval(BEAT, 1, key, self._process, SILENT_MS))

    async def close(self) -> None:
        """Leave the processes that share quotas."""
        try:
            async with asyncio.timeout(self._timeout_s):
                await self._client.zrem(self._processes_key, self._process)
        except AWAY:
            pass  # it will be missed after SILENT_MS
        finally:
            await self._client.aclose()


def _whole(reply: list[Any]) -> list[Any]:
    if not reply:
        raise Overtaken("A later message was booked before this one.")
    return reply


def _answer(reply: list[int]) -> Answer:
    granted, available, level, is_unknown, *fired = reply
    return Answer(granted, available, level, bool(is_unknown), fired)
