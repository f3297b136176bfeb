"""Reserving and settling against real Valkey, by several limiters as by several processes."""

import asyncio
import uuid
from dataclasses import replace
from decimal import Decimal

import pytest

from apps.proxy.limits.limiter import LONGEST_CALL_S
from apps.proxy.limits.refusals import BudgetExhausted, ConcurrencyReached, LimitReached
from apps.tenants.access import Limit
from tests.proxy.limits.limits import budget, limit, processes


@pytest.mark.parametrize(
    ("limits", "passing"),
    [
        ([limit("requests_per_minute", "137")], 137),
        ([limit("tokens_per_minute", "1375")], 137),
        ([limit("concurrency", "137")], 137),
        ([budget("13.75")], 137),
        ([limit("requests_per_minute", "400"), budget("13.7", subject="key")], 137),
    ],
)
async def test_of_1000_calls_at_once_in_four_processes_exactly_the_limit_passes(
    limits: list[Limit], passing: int
) -> None:
    async with processes(4) as ground:
        race = [ground.is_granted(n % 4, *limits, tokens=10, usd="0.1") for n in range(1000)]
        assert sum(await asyncio.gather(*race)) == passing
        assert {limiter.state.mode for limiter in ground.limiters} == {"shared"}


async def test_a_call_refused_by_one_limit_takes_nothing_of_the_others() -> None:
    wide, narrow = limit("requests_per_minute", "10"), limit("concurrency", "3", subject="key")
    async with processes(2) as ground:
        assert await ground.count_granted(8, 0, wide, narrow) == 3
        await ground.tick(2)  # a third of a request comes back
        assert await ground.count_granted(20, 1, wide) == 7


async def test_equal_limits_of_two_organizations_share_nothing() -> None:
    same = [limit("requests_per_minute", "5"), budget("1")]
    async with processes(2) as ground:
        assert await ground.count_granted(9, 0, *same, usd="0.1") == 5
        other = uuid.uuid4()
        assert await ground.count_granted(9, 0, *same, usd="0.1", organization_id=other) == 5
        assert await ground.count_granted(9, 1, *same, usd="0.1", organization_id=other) == 0


async def test_rates_come_back_evenly_and_never_above_the_limit() -> None:
    per_minute = limit("requests_per_minute", "60")
    async with processes(1) as ground:
        assert await ground.count_granted(100, 0, per_minute) == 60
        await ground.tick(5)
        assert await ground.count_granted(100, 0, per_minute) == 5
        await ground.tick(3600)
        assert await ground.count_granted(100, 0, per_minute) == 60


async def test_tokens_that_were_not_needed_serve_other_calls_at_once() -> None:
    per_minute = limit("tokens_per_minute", "1000")
    async with processes(2) as ground:
        hold = await ground.reserve(0, per_minute, tokens=1000)
        assert await ground.is_granted(1, per_minute, tokens=100) is False
        ground.settle(0, hold, tokens=200)
        assert await ground.count_granted(20, 0, per_minute, tokens=100) == 8


async def test_tokens_used_beyond_the_worst_case_are_charged() -> None:
    per_minute = limit("tokens_per_minute", "1000")
    async with processes(1) as ground:
        ground.settle(0, await ground.reserve(0, per_minute, tokens=100), tokens=800)
        assert await ground.count_granted(20, 0, per_minute, tokens=100) == 2


async def test_a_long_call_returns_nothing_that_the_minute_has_returned_already() -> None:
    per_minute = limit("tokens_per_minute", "1000")
    async with processes(1) as ground:
        hold = await ground.reserve(0, per_minute, tokens=1000)
        await ground.tick(300)
        ground.settle(0, hold, tokens=0)
        assert await ground.count_granted(30, 0, per_minute, tokens=100) == 10


async def test_settling_twice_is_settling_once() -> None:
    slots, money = limit("concurrency", "2"), budget("1")
    async with processes(2) as ground:
        first = await ground.reserve(0, slots, money, usd="0.5")
        await ground.reserve(0, slots, money, usd="0.5")
        for _ in range(3):
            ground.settle(0, first, usd="0.2")
        assert await ground.count_granted(5, 0, slots, money, usd="0.1") == 1
        assert ground.limiters[0].state.open_count == 2


async def test_a_call_of_unknown_cost_is_charged_its_worst_case() -> None:
    money = budget("1")
    async with processes(1) as ground:
        ground.settle(0, await ground.reserve(0, money, usd="0.7"), usd=None)
        assert await ground.count_granted(9, 0, money, usd="0.1") == 3


async def test_leases_of_an_idle_process_serve_the_others() -> None:
    slots, money = limit("concurrency", "100"), budget("10")
    async with processes(2) as ground:
        holds = [await ground.reserve(0, slots, money, usd="0.1") for _ in range(40)]
        for hold in holds:
            ground.settle(0, hold, usd="0.1")
        await ground.tick(1)
        assert await ground.count_granted(200, 1, slots, money, usd="0.1") == 60


async def test_slots_of_a_process_that_died_come_back_and_those_of_a_long_call_stay() -> None:
    slots = limit("concurrency", "5")
    async with processes(2) as ground:
        await ground.reserve(0, slots)
        assert await ground.count_granted(9, 1, slots) == 4
        await ground.replace(1)
        for _ in range(10):
            await ground.tick(4)
        assert await ground.count_granted(9, 0, slots) == 4


async def test_money_of_a_process_that_died_is_held_then_returns_but_what_it_spent_stays() -> None:
    money = budget("10", window="total")
    async with processes(2) as ground:
        ground.settle(1, await ground.reserve(1, money, usd="3"), usd="2")
        await ground.tick()
        await ground.reserve(1, money, usd="5")
        await ground.limiters[1].tick(ground.clock.at)
        await ground.replace(1)
        await ground.tick(600)
        assert await ground.count_granted(9, 0, money, usd="1") == 3
        await ground.tick(400)
        assert await ground.count_granted(9, 0, money, usd="1") == 5


async def test_a_hold_that_nobody_settles_counts_at_its_worst_case_in_the_end() -> None:
    slots, money = limit("concurrency", "1"), budget("10", window="total")
    async with processes(1) as ground:
        await ground.reserve(0, slots, money, usd="4")
        assert await ground.is_granted(0, slots) is False
        await ground.tick(LONGEST_CALL_S)
        assert ground.limiters[0].state.open_count == 0
        assert await ground.count_granted(9, 0, money, usd="1") == 6


async def test_known_spend_is_a_floor_that_survives_the_loss_of_redis() -> None:
    money = budget("10", spent_usd=Decimal(4))
    async with processes(2) as ground:
        ground.settle(0, await ground.reserve(0, money, usd="1"), usd="1")
        await ground.tick()
        await ground.forget()
        known = replace(money, spent_usd=Decimal(5))
        assert await ground.count_granted(20, 1, known, usd="1") == 5


async def test_known_spend_above_the_counter_is_believed() -> None:
    money = budget("10")
    async with processes(1) as ground:
        await ground.reserve(0, money, usd="1")
        known = replace(money, spent_usd=Decimal(7))
        assert await ground.count_granted(20, 0, known, usd="1") == 3


async def test_an_open_call_is_known_again_after_the_loss_of_redis() -> None:
    slots, money = limit("concurrency", "3"), budget("10")
    async with processes(2) as ground:
        await ground.reserve(0, slots, money, usd="4")
        await ground.forget()
        await ground.tick(5)
        assert await ground.count_granted(9, 1, slots, money, usd="3") == 2


async def test_a_budget_begins_anew_with_its_window() -> None:
    money = budget("1", window="minute", spent_usd=Decimal("0.5"))
    async with processes(1) as ground:
        late = await ground.reserve(0, money, usd="0.5")
        with pytest.raises(BudgetExhausted) as refused:
            await ground.reserve(0, money, usd="0.1")
        assert refused.value.retry_after_ms == 60_000
        await ground.tick(60)
        ground.settle(0, late, usd="0.5")
        assert await ground.count_granted(20, 0, money, usd="0.1") == 10


async def test_known_spend_of_another_window_says_nothing() -> None:
    money = budget("1", window="day", spent_usd=Decimal("0.5"))
    async with processes(1) as ground:
        yesterday = ground.clock.at
        ground.clock.move(86_400)
        granted = await ground.count_granted(20, 0, money, usd="0.1", known_at=yesterday)
        assert granted == 10


async def test_a_raised_limit_holds_from_the_next_call() -> None:
    slots = limit("concurrency", "1")
    async with processes(1) as ground:
        assert await ground.count_granted(5, 0, slots) == 1
        ground.clock.move(1)
        assert await ground.count_granted(5, 0, replace(slots, amount=Decimal(3))) == 2


async def test_without_limits_nothing_is_held() -> None:
    async with processes(1) as ground:
        hold = await ground.reserve(0, tokens=10, usd="1")
        ground.settle(0, hold, usd="1")
        assert (hold.headers, ground.limiters[0].state.open_count) == ([], 0)


async def test_refusals_name_the_limit_and_what_to_do() -> None:
    cases = [
        (limit("requests_per_minute", "0.5", subject="key"), LimitReached),
        (limit("tokens_per_minute", "60"), LimitReached),
        (limit("concurrency", "0"), ConcurrencyReached),
        (budget("0.5", window="total", subject="organization"), BudgetExhausted),
    ]
    found = []
    async with processes(1) as ground:
        for bound, kind in cases:
            with pytest.raises(kind) as refused:
                await ground.reserve(0, bound, tokens=90, usd="2")
            found.append((refused.value.code, refused.value.retry_after_ms, refused.value.detail))
            assert (refused.value.limit, refused.value.http_status) == (bound, 429)
    assert found == [
        (
            "rate_limit_exceeded",
            None,
            "The key's limit of 0.5 requests per minute never admits a call that asks for "
            "1 request. Send less, or ask for a higher limit.",
        ),
        (
            "rate_limit_exceeded",
            None,
            "The project's limit of 60 tokens per minute never admits a call that asks for "
            "90 tokens. Send less, or ask for a higher limit.",
        ),
        (
            "concurrency_limit_exceeded",
            1000,
            "The project's limit of 0 calls at once is reached. Try again when one has ended, "
            "or ask for a higher limit.",
        ),
        (
            "budget_exhausted",
            None,
            "The organization's budget of $0.5 in total has $0.5 left, and this call may cost $2. "
            "Lower its max tokens, or raise the budget.",
        ),
    ]


async def test_a_rate_says_when_it_will_admit_the_call() -> None:
    per_minute = limit("tokens_per_minute", "60")
    async with processes(1) as ground:
        await ground.reserve(0, per_minute, tokens=50)
        with pytest.raises(LimitReached) as refused:
            await ground.reserve(0, per_minute, tokens=40)
        assert refused.value.retry_after_ms == 30_000
        ground.clock.move(29.9)
        assert await ground.is_granted(0, per_minute, tokens=40) is False
        ground.clock.move(0.1)
        assert await ground.is_granted(0, per_minute, tokens=40) is True


async def test_of_several_refusing_limits_the_one_with_the_longest_wait_speaks() -> None:
    slots, money = limit("concurrency", "0"), budget("1", window="total")
    async with processes(1) as ground:
        with pytest.raises(BudgetExhausted):
            await ground.reserve(0, slots, money, usd="2")
