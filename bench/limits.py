"""What limits cost a call: from leases, and beside them by one Redis script for each call."""

import asyncio
import os
import uuid
from collections.abc import Awaitable, Callable, Sequence
from decimal import Decimal
from time import perf_counter, process_time

from apps.kernel.clock import utc_now
from apps.proxy.limits.accounts import Account
from apps.proxy.limits.holds import Hold
from apps.proxy.limits.limiter import Limiter
from apps.proxy.limits.orders import Order
from apps.proxy.limits.rules import ALWAYS
from apps.proxy.limits.shared import SharedLender
from apps.tenants.access import Limit, LimitKind, Subject
from bench.rows import Row

LEASED_TARGET_US = 15.0
UNLIMITED_TARGET_US = 2.0
TOKENS, USD = 2000, Decimal("0.0123")
PATIENCE_S = 5.0


Kinds = tuple[tuple[LimitKind, int], ...]
SUBJECTS: tuple[Subject, ...] = ("organization", "project", "key")
RATES: Kinds = (("requests_per_minute", 10**7), ("tokens_per_minute", 10**11))
ALL: Kinds = (*RATES, ("concurrency", 10**7), ("budget_usd", 10**6))


def _limits(kinds: Kinds) -> tuple[Limit, ...]:
    """The same kinds for organization, project and key."""
    return tuple(
        Limit(uuid.uuid4(), subject, uuid.uuid4(), kind, Decimal(amount), "month")
        for subject in SUBJECTS
        for kind, amount in kinds
    )


def run(quick: bool) -> list[Row]:
    """Times are of one core; a round trip is to a Valkey on this machine."""
    return asyncio.run(_rows(20_000 if quick else 200_000))


async def _rows(calls: int) -> list[Row]:
    limiter = Limiter(os.environ["REDIS_URL"], prefix=f"bench:{uuid.uuid4()}", timeout_s=PATIENCE_S)
    await limiter.start()
    try:
        six, twelve = _limits(RATES), _limits(ALL)
        return [
            await _unlimited(limiter, calls),
            *await _leased(limiter, six, calls, "3 subjects x 2 rates", LEASED_TARGET_US),
            *await _leased(limiter, twelve, calls, "3 subjects x 4 limits", None),
            await _headers(limiter, twelve, calls // 10),
        ]
    finally:
        await limiter.close()


async def _unlimited(limiter: Limiter, calls: int) -> Row:
    spent_us, _ = await _cost_us(_reserving(limiter, (), []), calls)
    target = UNLIMITED_TARGET_US
    return Row("reserve, no limits", spent_us, "us CPU", None, target, spent_us <= target)


async def _leased(
    limiter: Limiter, limits: Sequence[Limit], calls: int, name: str, target: float | None
) -> list[Row]:
    """CPU and wall time of reserve, lending included; the baseline asks Redis for each call."""
    holds: list[Hold] = []
    cpu_us, wall_us = await _cost_us(_reserving(limiter, limits, holds), calls)
    script_cpu_us, script_wall_us = await _scripted_us(limits, calls // 50)
    settle_us = _settling_us(limiter, holds)
    met = None if target is None else cpu_us <= target
    return [
        Row(f"reserve, {name}", cpu_us, "us CPU", script_cpu_us, target, met),
        Row(f"reserve, {name}", wall_us, "us", script_wall_us),
        Row(f"settle, {name}", settle_us, "us CPU"),
    ]


def _reserving(
    limiter: Limiter, limits: Sequence[Limit], holds: list[Hold]
) -> Callable[[], Awaitable[None]]:
    organization_id = uuid.uuid4()

    async def reserve() -> None:
        at = utc_now()
        holds.append(
            await limiter.reserve(
                limits, organization_id=organization_id, tokens=TOKENS, usd=USD, at=at
            )
        )

    return reserve


async def _scripted_us(limits: Sequence[Limit], calls: int) -> tuple[float, float]:
    """The baseline: the same script for exactly this call, without leases."""
    lender = SharedLender(
        os.environ["REDIS_URL"],
        prefix="bench",
        process="baseline",
        timeout_s=PATIENCE_S,
        clock=None,
    )
    prefix = f"bench:{{{uuid.uuid4()}}}"
    accounts = [
        Account(limit, ALWAYS, key=f"{prefix}:{limit.id}", process="baseline") for limit in limits
    ]

    async def reserve() -> None:
        orders = [Order(account, need=1, want=1) for account in accounts]
        await lender.lend([orders], share=1.0, at_s=0.0)

    try:
        return await _cost_us(reserve, calls)
    finally:
        await lender.close()


async def _cost_us(action: Callable[[], Awaitable[None]], times: int) -> tuple[float, float]:
    """CPU and wall time of one `action`, in microseconds."""
    for _ in range(100):
        await action()
    cpu, wall = process_time(), perf_counter()
    for _ in range(times):
        await action()
    return (process_time() - cpu) / times * 1e6, (perf_counter() - wall) / times * 1e6


def _settling_us(limiter: Limiter, holds: Sequence[Hold]) -> float:
    started = process_time()
    for hold in holds:
        limiter.settle(hold, tokens=700, usd=USD)
    return (process_time() - started) / len(holds) * 1e6


async def _headers(limiter: Limiter, limits: Sequence[Limit], calls: int) -> Row:
    holds: list[Hold] = []
    await _reserving(limiter, limits, holds)()
    started = process_time()
    for _ in range(calls):
        assert holds[0].headers
    limiter.settle(holds[0], tokens=0, usd=None)
    return Row("headers, 3 subjects x 4 limits", (process_time() - started) / calls * 1e6, "us CPU")
