"""Limits and limiters for tests; every organization is new, so that no test sees another's."""

import os
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from redis.asyncio import Redis

from apps.proxy.limits.holds import Hold
from apps.proxy.limits.limiter import Limiter
from apps.proxy.limits.refusals import LimitReached
from apps.tenants.access import Limit, LimitKind

URL = os.environ["REDIS_URL"]
AT = datetime(2026, 3, 14, 10, 15, tzinfo=UTC)


def limit(kind: LimitKind, amount: str, **fields: Any) -> Limit:
    """A limit with an id of its own unless `fields` names one."""
    row = Limit(
        id=uuid.uuid4(),
        subject="project",
        subject_id=uuid.uuid4(),
        kind=kind,
        amount=Decimal(amount),
    )
    return replace(row, **fields)


def budget(amount: str, **fields: Any) -> Limit:
    """A hard monthly budget unless `fields` says otherwise."""
    return replace(limit("budget_usd", amount, window="month"), **fields)


class Clock:
    """A clock that stands until it is moved: for callers (`at`) and for the shared counters."""

    def __init__(self) -> None:
        self.at = AT

    def __call__(self) -> int:
        return int(self.at.timestamp() * 1000)

    def move(self, seconds: float) -> None:
        self.at += timedelta(seconds=seconds)


class Processes:
    """Limiters that know of each other, as gateway processes do, and a standing clock.

    They are patient with a busy machine; `timeout_s` is for tests of a Redis that is away.
    """

    def __init__(self, count: int, *, url: str = URL, timeout_s: float = 20.0) -> None:
        self.clock, self.count = Clock(), count
        self.organization_id = uuid.uuid4()
        self._prefix, self._url, self._timeout_s = f"test:{uuid.uuid4()}", url, timeout_s
        self._dead: list[Limiter] = []
        self.limiters = [self.new() for _ in range(count)]

    def new(self) -> Limiter:
        return Limiter(
            self._url,
            processes=self.count,
            prefix=self._prefix,
            timeout_s=self._timeout_s,
            clock=self.clock,
        )

    async def reserve(
        self,
        process: int,
        *limits: Limit,
        tokens: int = 0,
        usd: str | None = None,
        organization_id: uuid.UUID | None = None,
        known_at: datetime | None = None,
    ) -> Hold:
        return await self.limiters[process].reserve(
            limits,
            organization_id=organization_id or self.organization_id,
            tokens=tokens,
            usd=None if usd is None else Decimal(usd),
            at=self.clock.at,
            known_at=known_at,
        )

    async def reserve_or_none(self, process: int, *limits: Limit, **asked: Any) -> Hold | None:
        try:
            return await self.reserve(process, *limits, **asked)
        except LimitReached:
            return None

    async def is_granted(self, process: int, *limits: Limit, **asked: Any) -> bool:
        return await self.reserve_or_none(process, *limits, **asked) is not None

    async def count_granted(self, times: int, process: int, *limits: Limit, **asked: Any) -> int:
        return sum([await self.is_granted(process, *limits, **asked) for _ in range(times)])

    def settle(self, process: int, hold: Hold, *, tokens: int = 0, usd: str | None = "0") -> None:
        actual = None if usd is None else Decimal(usd)
        self.limiters[process].settle(hold, tokens=tokens, usd=actual)

    async def tick(self, seconds: float = 0.0) -> None:
        """Move the clock, then let every process keep its books."""
        self.clock.move(seconds)
        for limiter in self.limiters:
            await limiter.tick(self.clock.at)

    async def replace(self, process: int) -> None:
        """A process dies, without a word, and another one takes its place."""
        self._dead.append(self.limiters[process])
        self.limiters[process] = self.new()
        await self.limiters[process].tick(self.clock.at)

    async def close(self) -> None:
        for limiter in self.limiters + self._dead:
            await limiter.close()

    async def forget(self) -> None:
        """Redis loses every account."""
        async with Redis.from_url(URL) as client:
            async for key in client.scan_iter(f"{self._prefix}:limits:*", count=10_000):
                await client.delete(key)


@asynccontextmanager
async def processes(count: int, **settings: Any) -> AsyncIterator[Processes]:
    """`count` processes that have counted each other, closed afterwards."""
    made = Processes(count, **settings)
    try:
        await made.tick()
        await made.tick()
        yield made
    finally:
        await made.close()
