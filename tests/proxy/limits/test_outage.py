"""Redis away, slow and back: calls go on at this process's share of each limit."""

import asyncio
import uuid
from dataclasses import replace
from decimal import Decimal

import pytest

from tests.proxy.limits.limits import URL, Processes, budget, limit, processes
from tests.proxy.limits.relay import relay


def modes(ground: Processes) -> list[str]:
    return [limiter.state.mode for limiter in ground.limiters]


async def test_without_redis_each_process_has_its_share_and_no_call_fails() -> None:
    limits = {
        "requests": limit("requests_per_minute", "40"),
        "tokens": limit("tokens_per_minute", "400"),
        "slots": limit("concurrency", "8"),
        "money": budget("20", spent_usd=Decimal(12)),
    }
    async with relay(URL) as wire, processes(4, url=wire.url) as ground:
        wire.cut()
        granted = {
            name: await ground.count_granted(30, 0, bound, tokens=10, usd="0.5")
            for name, bound in limits.items()
        }
        assert granted == {"requests": 10, "tokens": 10, "slots": 2, "money": 4}
        assert ground.limiters[0].state.mode == "local"
        assert ground.limiters[0].state.processes == 4


async def test_a_share_refills_and_a_large_call_passes_when_it_is_whole() -> None:
    per_minute = limit("tokens_per_minute", "400")
    async with relay(URL) as wire, processes(4, url=wire.url) as ground:
        wire.cut()
        assert await ground.count_granted(3, 0, per_minute, tokens=300) == 1
        ground.clock.move(60)
        assert await ground.count_granted(3, 0, per_minute, tokens=10) == 0
        ground.clock.move(120)
        assert await ground.count_granted(3, 0, per_minute, tokens=300) == 1
        assert await ground.is_granted(0, per_minute, tokens=401) is False


async def test_a_single_slot_stays_usable() -> None:
    slots = limit("concurrency", "1")
    async with relay(URL) as wire, processes(4, url=wire.url) as ground:
        wire.cut()
        assert await ground.count_granted(5, 0, slots) == 1


async def test_of_a_budget_the_processes_share_what_is_left() -> None:
    money = budget("10")
    async with relay(URL) as wire, processes(2, url=wire.url) as ground:
        for process in (0, 1):
            hold = await ground.reserve(process, money, usd="1")
            ground.settle(process, hold, usd="1")
        await ground.tick(2)
        await ground.tick(5)
        wire.cut()
        granted = [await ground.count_granted(30, process, money, usd="0.5") for process in (0, 1)]
        assert granted[0] + granted[1] <= 18


async def test_what_was_used_meanwhile_counts_when_redis_is_back() -> None:
    slots, money = limit("concurrency", "10"), budget("10")
    async with relay(URL) as wire, processes(2, url=wire.url) as ground:
        await ground.reserve(0, slots, money, usd="1")
        wire.cut()
        for _ in range(2):
            ground.settle(0, await ground.reserve(0, slots, money, usd="1"), usd="1")
        await ground.reserve(0, slots, money, usd="1")
        wire.is_up = True
        await ground.tick(1)
        assert modes(ground) == ["shared", "shared"]
        assert await ground.count_granted(30, 1, slots, money, usd="0.75") == 8


@pytest.mark.parametrize("is_lost", [False, True])
async def test_what_was_used_meanwhile_and_is_known_already_counts_once(*, is_lost: bool) -> None:
    money = budget("10")
    async with relay(URL) as wire, processes(2, url=wire.url) as ground:
        for process in (0, 1):
            ground.settle(process, await ground.reserve(process, money, usd="1"), usd="1")
        await ground.tick(2)
        wire.cut()
        for process in (0, 1):
            ground.settle(process, await ground.reserve(process, money, usd="1"), usd="1")
        if is_lost:
            await ground.forget()
        known = replace(money, spent_usd=Decimal(4))
        for process in (0, 1):
            ground.settle(process, await ground.reserve(process, known, usd="0"), usd="0")
        wire.is_up = True
        await ground.tick(1)
        assert await ground.count_granted(30, 1, known, usd="0.5") == 12


async def test_a_slow_redis_is_left_for_the_local_share_until_it_is_fast_again() -> None:
    per_minute = limit("requests_per_minute", "10")
    async with relay(URL) as wire, processes(1, url=wire.url, timeout_s=0.3) as ground:
        wire.delay_s = 0.6
        assert await ground.is_granted(0, per_minute) is True
        assert modes(ground) == ["local"]
        wire.delay_s = 0.0
        await ground.tick(1)
        assert modes(ground) == ["shared"]
        assert await ground.is_granted(0, per_minute) is True


async def test_a_client_that_hammers_a_limit_just_reached_costs_no_round_trip() -> None:
    slots = limit("concurrency", "1")
    async with relay(URL) as wire, processes(2, url=wire.url) as ground:
        await ground.reserve(0, slots)
        assert await ground.is_granted(1, slots) is False
        wire.cut()
        assert await ground.count_granted(50, 1, slots) == 0
        assert modes(ground) == ["shared", "shared"]
        ground.clock.move(0.1)
        await ground.is_granted(1, slots)
        assert modes(ground) == ["shared", "local"]


async def test_a_caller_that_leaves_while_it_waits_takes_nothing_along() -> None:
    slots, money = limit("concurrency", "3"), budget("3")
    async with relay(URL) as wire, processes(2, url=wire.url) as ground:
        await ground.reserve(0, slots, organization_id=uuid.uuid4())  # the script is known now
        wire.delay_s = 0.2
        waiting = asyncio.create_task(ground.reserve(0, slots, money, usd="2"))
        await asyncio.sleep(0.3)  # it has been granted, and the answer is on its way
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        wire.delay_s = 0.0
        await ground.tick(1)
        assert await ground.count_granted(9, 1, slots, money, usd="1") == 3


async def test_it_ends_whatever_it_was_doing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("apps.proxy.limits.limiter.TICK_S", 0.0)
    async with processes(20) as ground:
        for number, limiter in enumerate(ground.limiters):
            await limiter.start()
            await asyncio.sleep(number / 10_000)
            async with asyncio.timeout(20):
                await limiter.close()


async def test_it_starts_without_redis() -> None:
    async with processes(1, url="redis://127.0.0.1:42599/0") as ground:
        assert modes(ground) == ["local"]
        assert await ground.count_granted(9, 0, limit("requests_per_minute", "4")) == 4
