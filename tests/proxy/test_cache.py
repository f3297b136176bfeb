"""A store that may be slow or away: what is asked of it, and when nobody asks."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from redis.asyncio import Redis
from redis.exceptions import ConnectionError as Unreachable

from apps.proxy.cache import Cache

Command = Callable[[Redis], Awaitable[Any]]


async def quick(_: Redis) -> str:
    return "here"


async def slow(_: Redis) -> None:
    await asyncio.sleep(60)


async def broken(_: Redis) -> None:
    raise Unreachable("away")


def asked(*commands: Command, rest_s: float = 60.0) -> list[Any]:
    """What is answered to one after the other; nothing is asked of a server."""

    async def ask() -> list[Any]:
        cache = Cache("redis://127.0.0.1:1/0", prefix="test:", patience_s=0.01, rest_s=rest_s)
        try:
            return [await cache.ask(command) for command in commands]
        finally:
            await cache.close()

    return asyncio.run(ask())


def test_a_slow_answer_is_given_up_and_the_next_one_is_asked_for() -> None:
    """One busy moment would turn the caches off for a second otherwise."""
    assert asked(slow, quick) == [None, "here"]
    assert asked(*[slow] * 4, quick, *[slow] * 4, quick) == [
        *[None] * 4, "here", *[None] * 4, "here",
    ]  # fmt: skip


@pytest.mark.parametrize("failures", [[slow] * 5, [broken]])
def test_after_slow_answers_in_a_row_or_a_failure_nobody_asks_for_a_while(
    failures: list[Command],
) -> None:
    assert asked(*failures, quick)[-1] is None


def test_after_a_rest_one_more_failure_is_enough_and_one_answer_ends_it() -> None:
    assert asked(broken, slow, quick, rest_s=0.0)[-1] == "here"


def test_what_is_not_found_in_a_moment_like_that_may_be_there_all_the_same() -> None:
    async def found() -> list[bool]:
        cache = Cache("redis://127.0.0.1:1/0", prefix="test:", patience_s=0.01, rest_s=60.0)
        before = cache.is_away
        await cache.ask(slow)
        found = [before, cache.is_away]
        await cache.close()
        return found

    assert asyncio.run(found()) == [False, True]
