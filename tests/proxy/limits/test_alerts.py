"""Soft budgets, alerts, and what an answer's headers tell."""

from dataclasses import replace
from decimal import Decimal

from apps.kernel.events import Alert
from apps.tenants.access import Limit, LimitKind
from tests.proxy.limits.limits import Processes, budget, limit, processes

FRACTIONS = (Decimal("0.5"), Decimal("0.8"), Decimal(1))


def alert(ground: Processes, bound: Limit, fraction: str, spent: str) -> Alert:
    return Alert(
        limit_id=bound.id,
        fraction=Decimal(fraction),
        window="202603",
        amount_usd=bound.amount,
        spent_usd=Decimal(spent),
    )


async def spend(ground: Processes, process: int, bound: Limit, usd: str) -> list[Alert]:
    """Alerts that come with a call of this cost or right after it."""
    hold = await ground.reserve(process, bound, usd=usd)
    ground.settle(process, hold, usd=usd)
    await ground.tick()
    ours = ground.organization_id
    told = [alert for limiter in ground.limiters for alert in limiter.take_alerts(ours)]
    return [*hold.alerts, *told]


async def test_a_soft_budget_never_refuses_and_tells_each_fraction_once() -> None:
    soft = budget("10", is_hard=False, alert_fractions=FRACTIONS)
    async with processes(2) as ground:
        assert await spend(ground, 0, soft, "4") == []
        assert await spend(ground, 1, soft, "1") == [alert(ground, soft, "0.5", "5")]
        assert await spend(ground, 0, soft, "1") == []
        both = [alert(ground, soft, "0.8", "16"), alert(ground, soft, "1", "16")]
        assert await spend(ground, 0, soft, "10") == both
        assert await spend(ground, 1, soft, "90") == []


async def test_a_hard_budget_tells_too_and_the_next_hold_carries_it() -> None:
    hard = budget("10", alert_fractions=FRACTIONS)
    async with processes(2) as ground:
        ground.settle(0, await ground.reserve(0, hard, usd="8"), usd="8")
        await ground.tick()
        hold = await ground.reserve(0, hard, usd="1")
        assert hold.alerts == [alert(ground, hard, "0.5", "8"), alert(ground, hard, "0.8", "8")]
        assert ground.limiters[0].take_alerts(ground.organization_id) == []


async def test_a_worst_case_that_is_not_spent_raises_no_alert() -> None:
    hard = budget("10", alert_fractions=FRACTIONS)
    async with processes(1) as ground:
        hold = await ground.reserve(0, hard, usd="9")
        await ground.tick(5)
        ground.settle(0, hold, usd="1")
        await ground.tick(5)
        assert ground.limiters[0].take_alerts(ground.organization_id) == []


async def test_each_window_tells_anew() -> None:
    soft = budget("10", is_hard=False, alert_fractions=(Decimal("0.5"),))
    async with processes(1) as ground:
        assert await spend(ground, 0, soft, "6") == [alert(ground, soft, "0.5", "6")]
        ground.clock.move(31 * 86_400)
        april = replace(alert(ground, soft, "0.5", "7"), window="202604")
        assert await spend(ground, 0, soft, "7") == [april]


async def test_soft_rates_neither_refuse_nor_show() -> None:
    kinds: tuple[LimitKind, ...] = ("requests_per_minute", "concurrency")
    soft = [limit(kind, "1", is_hard=False) for kind in kinds]
    async with processes(1) as ground:
        assert await ground.count_granted(9, 0, *soft) == 9
        assert (await ground.reserve(0, *soft)).headers == []


async def test_headers_tell_of_the_tightest_limit_of_each_kind() -> None:
    limits = [
        limit("requests_per_minute", "600"),
        limit("requests_per_minute", "10", subject="key"),
        limit("tokens_per_minute", "6000"),
        limit("concurrency", "9"),
        budget("100", subject="organization", spent_usd=Decimal(20)),
        budget("10"),
    ]
    async with processes(1) as ground:
        for _ in range(4):
            hold = await ground.reserve(0, *limits, tokens=100, usd="0.25")
        assert dict(hold.headers) == {
            b"netra-limit-requests": b"10",
            b"netra-remaining-requests": b"6",
            b"netra-reset-requests": b"24",
            b"netra-limit-tokens": b"6000",
            b"netra-remaining-tokens": b"5600",
            b"netra-reset-tokens": b"4",
            b"netra-budget-limit-usd": b"100",
            b"netra-budget-remaining-usd": b"79",
        }
