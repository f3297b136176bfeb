"""Reserving and settling against real Valkey, by several limiters as by several processes."""

import asyncio
import uuid
from decimal import Decimal

import pytest

from apps.proxy.limits.limiter import Limiter
from apps.proxy.limits.refusals import LimitReached
from tests.proxy.limits.limits import Clock, LimitRow, budget, limit, limiters

ORGANIZATION = uuid.uuid4


async def granted(
    limiter: Limiter,
    limits: list[LimitRow],
    organization_id: uuid.UUID,
    clock: Clock,
    *,
    tokens: int = 1,
    usd: str = "0",
) -> bool:
    try:
        await limiter.reserve(
            limits,
            organization_id=organization_id,
            tokens=tokens,
            usd=Decimal(usd),
            at=clock.at,
        )
    except LimitReached:
        return False
    return True


@pytest.mark.parametrize(
    ("limits", "passing"),
    [
        ([limit("requests_per_minute", "137")], 137),
        ([limit("tokens_per_minute", "1370")], 137),
        ([limit("concurrency", "137")], 137),
        ([budget("13.7")], 137),
        ([limit("requests_per_minute", "400"), budget("13.7", subject="key")], 137),
    ],
)
async def test_of_1000_calls_at_once_in_four_processes_exactly_the_limit_passes(
    limits: list[LimitRow], passing: int
) -> None:
    clock, organization_id = Clock(), uuid.uuid4()
    async with limiters(4, clock) as made:
        race = [
            granted(made[n % 4], limits, organization_id, clock, tokens=10, usd="0.1")
            for n in range(1000)
        ]
        assert sum(await asyncio.gather(*race)) == passing
        assert {limiter.state.mode for limiter in made} == {"shared"}
