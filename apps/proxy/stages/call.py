"""Ask the provider: timeouts, retries, fallbacks, circuit breaker, load balancing.

Nothing is asked again once a byte of an answer went to the caller: this stage ends with an answer
whose head and first bytes have arrived, and sends nothing itself.
"""

import asyncio
from collections import deque
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import Enum
from time import monotonic, perf_counter

from apps.proxy.exchange import Exchange
from apps.proxy.failures import UpstreamFailure
from apps.proxy.retrying import (
    ELSEWHERE,
    LONGEST_WAIT_SECONDS,
    asked_wait_seconds,
    backoff_seconds,
    is_retryable,
)
from apps.proxy.runtime import Runtime
from apps.proxy.selection import Candidate, Tier, ordered
from apps.proxy.stages.attempting import attempt
from apps.proxy.stages.flexing import ask_flex
from apps.proxy.upstream import Upstream


class _Verdict(Enum):
    """What an attempt means for the next one."""

    FINAL = "this is the answer"
    AGAIN = "the same may succeed later"
    ELSEWHERE = "only another credential or provider may succeed"


@dataclass(slots=True)
class _Queue:
    """The candidates of a tier in turn, each with the time before which it is not asked again."""

    candidates: deque[Candidate]
    tries_left: int
    asked: dict[Candidate, int] = field(default_factory=dict)
    not_before: dict[Candidate, float] = field(default_factory=dict)

    def next(self) -> tuple[Candidate, float] | None:
        """Whom to ask and after how many seconds; None when the tier is spent."""
        if not self.tries_left or not self.candidates:
            return None
        candidate = self.candidates[0]
        due_at = self.not_before.get(candidate) if self.not_before else None
        wait = max(0.0, due_at - monotonic()) if due_at else 0.0
        return None if wait > LONGEST_WAIT_SECONDS else (candidate, wait)

    def note(self, verdict: _Verdict, asked_wait: float | None) -> None:
        """The candidate in turn was asked, to no avail."""
        candidate = self.candidates.popleft()
        self.tries_left -= 1
        self.asked[candidate] = self.asked.get(candidate, 0) + 1
        if verdict is _Verdict.AGAIN:
            pause = backoff_seconds(self.asked[candidate]) if asked_wait is None else asked_wait
            self.not_before[candidate] = monotonic() + pause
            self.candidates.append(candidate)


async def call(exchange: Exchange, runtime: Runtime) -> None:
    """Fill in `upstream` and what of its answer has arrived.

    A provider's refusal is an answer too. Raises the last UpstreamFailure when no provider
    answered at all.
    """
    if await ask_flex(exchange, runtime):
        return
    tiers = exchange.asked_tiers
    for tier in tiers if exchange.is_replayable else tiers[:1]:
        if await _ask(exchange, runtime, _queue(exchange, runtime, tier)):
            return
    exchange.is_spent = len(exchange.attempts) > 1
    if exchange.upstream is None:
        raise exchange.failure or UpstreamFailure()


def _queue(exchange: Exchange, runtime: Runtime, tier: Tier) -> _Queue:
    route = exchange.route
    candidates = ordered(
        tier,
        strategy=route.strategy if route else "priority",
        latencies=runtime.latencies,
        breakers=runtime.breakers,
        now=monotonic(),
    )
    retries = route.max_retries if route else runtime.settings.max_retries
    tries = max(len(candidates), 1 + retries) if exchange.is_replayable else 1
    return _Queue(deque(candidates), tries)


async def _ask(exchange: Exchange, runtime: Runtime, queue: _Queue) -> bool:
    while turn := queue.next():
        candidate, wait = turn
        if wait:
            await _pause(exchange, wait)
        await attempt(exchange, runtime, candidate)
        verdict = _judged(exchange, candidate)
        _tell_breaker(exchange, runtime, candidate, verdict)
        if verdict is _Verdict.FINAL:
            return True
        queue.note(verdict, _asked_wait(exchange.upstream))
    return False


async def _pause(exchange: Exchange, seconds: float) -> None:
    began = perf_counter()
    await asyncio.sleep(seconds)
    exchange.timing.waited += perf_counter() - began


def _judged(exchange: Exchange, candidate: Candidate) -> _Verdict:
    """What a model that the caller did not ask for refuses is no answer to them."""
    upstream = exchange.upstream
    if upstream is None:
        return _Verdict.AGAIN
    if upstream.status < 400:
        return _Verdict.FINAL
    if upstream.status in ELSEWHERE or not exchange.is_of_caller(candidate):
        return _Verdict.ELSEWHERE
    return _Verdict.AGAIN if is_retryable(upstream) else _Verdict.FINAL


def _asked_wait(upstream: Upstream | None) -> float | None:
    return asked_wait_seconds(upstream, at=datetime.now(UTC)) if upstream else None


def _tell_breaker(
    exchange: Exchange, runtime: Runtime, candidate: Candidate, verdict: _Verdict
) -> None:
    upstream = exchange.upstream
    if upstream is None or upstream.status >= 500:
        runtime.breakers.fail(candidate.key, now=monotonic())
    elif upstream.status == 429 and verdict is _Verdict.AGAIN:
        wait = _asked_wait(upstream)
        runtime.breakers.rest(candidate.key, until=monotonic() + (wait or 0.0))
    else:
        runtime.breakers.succeed(candidate.key)
