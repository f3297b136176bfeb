"""Several processes, real Valkey, and a model that only adds up: nothing overshoots or leaks.

Calls are reserved and settled in any order, time passes, processes die with calls open, Redis loses
its data or goes away. The model knows what every call was granted and what it came to.
"""

import asyncio
from collections.abc import Coroutine
from dataclasses import dataclass, replace
from decimal import Decimal
from math import ceil
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from apps.proxy.limits.accounts import BUDGET_TTL_S, SLOT_TTL_S
from apps.proxy.limits.holds import Hold
from apps.tenants.access import Limit
from tests.proxy.limits.limits import URL, Processes, budget, limit
from tests.proxy.limits.relay import Relay

PROCESSES = 3
MONEY, SLOTS, TOKENS = Decimal(10), 5, 1000
CENTS = st.integers(0, 300).map(lambda cents: Decimal(cents) / 100)
SHARES = st.sampled_from([Decimal(0), Decimal("0.25"), Decimal(1)])
# What leases may let through beyond the bucket: one second of the rate.
BURST = PROCESSES * ceil(TOKENS / 60 / PROCESSES)


@dataclass
class Call:
    """An open call. died_s: when its process died."""

    process: int
    hold: Hold
    tokens: int
    usd: Decimal
    died_s: float | None = None


class LimitsMachine(RuleBasedStateMachine):
    """is_strict: no outage so far, so that every bound holds at every moment."""

    @initialize()
    def begin(self) -> None:
        self.runner = asyncio.Runner()
        self.run(self.open())
        self.calls: list[Call] = []
        self.spent, self.level = Decimal(0), float(TOKENS)
        self.is_strict = self.is_up = True

    def run(self, work: Coroutine[Any, Any, Any]) -> Any:
        return self.runner.run(work)

    async def open(self) -> None:
        self.wire = Relay(URL)
        await self.wire.open()
        self.ground = Processes(PROCESSES, url=self.wire.url)
        self.money = budget(str(MONEY), window="total")
        self.slots, self.rate = limit("concurrency", str(SLOTS)), limit("tokens_per_minute", "1000")
        await self.ground.tick()
        await self.ground.tick()

    @property
    def limits(self) -> list[Limit]:
        """The limits as a snapshot that is never late has them."""
        return [replace(self.money, spent_usd=self.spent), self.slots, self.rate]

    @property
    def now_s(self) -> float:
        return self.ground.clock.at.timestamp()

    @rule(process=st.integers(0, PROCESSES - 1), tokens=st.integers(0, 400), usd=CENTS)
    def reserve(self, process: int, tokens: int, usd: Decimal) -> None:
        self.run(self._reserve(process, tokens, usd))

    async def _reserve(self, process: int, tokens: int, usd: Decimal) -> None:
        hold = await self.ground.reserve_or_none(process, *self.limits, tokens=tokens, usd=str(usd))
        if hold is not None:
            self.calls.append(Call(process, hold, tokens, usd))
            self.level -= tokens

    @precondition(lambda self: any(call.died_s is None for call in self.calls))
    @rule(data=st.data(), share=SHARES, times=st.integers(1, 2))
    def settle(self, data: st.DataObject, share: Decimal, times: int) -> None:
        call = data.draw(st.sampled_from([c for c in self.calls if c.died_s is None]))
        self._settle(call, share, times)

    def _settle(self, call: Call, share: Decimal, times: int = 1) -> None:
        tokens, usd = int(call.tokens * share), call.usd * share
        for _ in range(times):
            self.ground.settle(call.process, call.hold, tokens=tokens, usd=str(usd))
        self.calls.remove(call)
        self.spent += usd
        self.level = min(TOKENS, self.level + call.tokens - tokens)

    @rule(seconds=st.sampled_from([0.0, 0.5, 1.0, 7.0, 31.0, 400.0]))
    def time_passes(self, seconds: float) -> None:
        self.level = min(TOKENS, self.level + seconds * TOKENS / 60)
        step_s = min(seconds, SLOT_TTL_S / 3) or 1.0
        for _ in range(max(1, round(seconds / step_s))):
            self.run(self.ground.tick(min(seconds, step_s)))

    @rule(process=st.integers(0, PROCESSES - 1))
    def a_process_dies(self, process: int) -> None:
        for call in self.calls:
            if call.process == process and call.died_s is None:
                call.died_s = self.now_s
        self.run(self.ground.replace(process))

    @precondition(lambda self: self.is_up)
    @rule()
    def redis_loses_its_data(self) -> None:
        self.run(self._lose_data())
        self.calls = [call for call in self.calls if call.died_s is None]
        self.level = float(TOKENS)

    async def _lose_data(self) -> None:
        for process in range(PROCESSES):  # all read the same snapshot
            hold = await self.ground.reserve_or_none(process, *self.limits)
            if hold is not None:
                self.ground.settle(process, hold)
        await self.ground.tick()
        await self.ground.forget()
        await self.ground.tick(5)

    @rule()
    def redis_goes_or_comes(self) -> None:
        self.is_strict, self.is_up = False, not self.is_up
        if self.is_up:
            self.wire.is_up = True
        else:
            self.wire.cut()
            self.run(asyncio.sleep(0))

    @invariant()
    def no_more_is_open_or_spent_than_may_be(self) -> None:
        if not self.is_strict:
            return
        money = [c.usd for c in self.calls if not self._is_back(c, BUDGET_TTL_S)]
        slots = [c for c in self.calls if not self._is_back(c, SLOT_TTL_S)]
        assert self.spent + sum(money) <= MONEY
        assert len(slots) <= SLOTS
        assert self.level >= -BURST

    def _is_back(self, call: Call, ttl_s: float) -> bool:
        """Whether what a dead process held may serve others: it last said so a little earlier."""
        return call.died_s is not None and self.now_s >= call.died_s + ttl_s - 10

    def teardown(self) -> None:
        if hasattr(self, "runner"):
            try:
                self.run(self._everything_settled_is_back())
            finally:
                self.run(self._close())
                self.runner.close()

    async def _everything_settled_is_back(self) -> None:
        self.wire.is_up = True
        await self.ground.tick()
        for call in [call for call in self.calls if call.died_s is None]:
            self._settle(call, Decimal(1))
        for seconds in (1, 1, BUDGET_TTL_S + 1, 1):
            await self.ground.tick(seconds)
        money, slots, rate = self.limits
        assert await self.ground.count_granted(SLOTS + 1, 0, slots) == SLOTS
        assert await self.ground.count_granted(11, 1, rate, tokens=100) == 10
        left = max(Decimal(0), MONEY - self.spent)
        assert await self.ground.is_granted(2, money, usd=str(left)) is True
        assert await self.ground.is_granted(0, money, usd="0.000000001") is False

    async def _close(self) -> None:
        await self.ground.close()
        await self.wire.close()


@pytest.mark.parametrize("examples", [25, pytest.param(400, marks=pytest.mark.long)])
def test_nothing_overshoots_and_everything_settled_returns(examples: int) -> None:
    run_state_machine_as_test(
        LimitsMachine,
        settings=settings(max_examples=examples, stateful_step_count=25, deadline=None),
    )
