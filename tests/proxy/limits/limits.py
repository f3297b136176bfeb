"""Limits and limiters for tests; every organization is new, so that no test sees another's."""

import os
import uuid
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from apps.proxy.limits.limiter import Limiter

AT = datetime(2026, 3, 14, 10, 15, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class LimitRow:
    """A limit as the snapshot holds it."""

    id: uuid.UUID
    subject: str
    kind: str
    amount: Decimal
    window: str | None = None
    alert_fractions: tuple[Decimal, ...] = ()
    is_hard: bool = True
    spent_usd: Decimal = Decimal(0)


def limit(kind: str, amount: str, **fields: Any) -> LimitRow:
    """A limit with an id of its own unless `fields` names one."""
    row = LimitRow(id=uuid.uuid4(), subject="project", kind=kind, amount=Decimal(amount))
    return replace(row, **fields)


def budget(amount: str, **fields: Any) -> LimitRow:
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


def new_limiter(clock: Clock, *, prefix: str, url: str = "", processes: int = 1) -> Limiter:
    """A limiter that is patient with a busy machine."""
    return Limiter(
        url or os.environ["REDIS_URL"],
        processes=processes,
        prefix=prefix,
        timeout_s=20.0,
        clock=clock,
    )


@asynccontextmanager
async def limiters(count: int, clock: Clock) -> AsyncIterator[Sequence[Limiter]]:
    """As many limiters as processes, which know of each other."""
    prefix = f"test:{uuid.uuid4()}"
    made = [new_limiter(clock, prefix=prefix, processes=count) for _ in range(count)]
    try:
        for limiter in [*made, *made]:
            await limiter.tick(clock.at)
        yield made
    finally:
        for limiter in made:
            await limiter.close()
