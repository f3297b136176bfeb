"""Equal calls at the same moment are asked once, whichever process they reach."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest
from django.conf import settings

from apps.kernel.ids import uuid7
from apps.proxy.answer_store import LEASE_SECONDS, Look, SharedAnswers
from apps.proxy.cache import Cache
from apps.tenants.vault import new_data_key
from tests.gateways import RunningGateway, running_gateway, tenant
from tests.launch.projects import eventually
from tests.simulator import RunningSimulator

ASKED = {
    "model": "gpt-4o-mini",
    "temperature": 0,
    "messages": [{"role": "user", "content": "What is canary-vermilion-77?"}],
}
Pair = tuple[RunningGateway, RunningGateway]


@pytest.fixture
def pair(simulator: RunningSimulator) -> Iterator[Pair]:
    """Two gateways of one installation, as two worker processes are."""
    simulator.forget_calls()
    known, prefix = tenant(1, simulator.url).having(data_key=new_data_key()), f"test-{uuid7()}"
    with running_gateway(known, prefix=prefix) as one, running_gateway(known, prefix=prefix) as two:
        yield one, two


def ask(gateway: RunningGateway, **headers: str) -> httpx.Response:
    own = {"authorization": f"Bearer {gateway.key}"}
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    path = f"{gateway.url}/v1/chat/completions"
    return httpx.post(path, json=ASKED, headers=own | named, timeout=30)


def at_once(gateways: Pair, count: int, **headers: str) -> list[httpx.Response]:
    with ThreadPoolExecutor(count) as pool:
        asked = [pool.submit(ask, gateways[n % 2], **headers) for n in range(count)]
        return [each.result() for each in asked]


def test_two_processes_ask_once(pair: Pair, simulator: RunningSimulator) -> None:
    found = at_once(pair, 6, x_sim_latency_ms="600")
    assert sorted(each.headers["netra-cache"] for each in found) == ["hit"] * 5 + ["miss"]
    assert len({each.content for each in found}) == 1
    assert len(simulator.calls()) == 1
    reasons = [event.decisions[0].reason for each in pair for event in each.events(3)]
    assert sorted(reasons) == ["in_flight"] * 5 + ["miss"]
    assert eventually(lambda: [len(each.runtime.flights) for each in pair] == [0, 0])


def test_whose_process_fails_to_get_it_asks_for_themselves(
    pair: Pair, simulator: RunningSimulator
) -> None:
    found = at_once(pair, 2, x_sim_fault="slow-first-byte=0.3,400")
    assert [each.status_code for each in found] == [400, 400]
    assert len(simulator.calls()) == 2
    assert ask(pair[0]).headers["netra-cache"] == "miss"


@pytest.fixture
async def stores() -> AsyncIterator[tuple[SharedAnswers, SharedAnswers]]:
    prefix = f"test-{uuid7()}"
    caches = [Cache(settings.CACHE_URL, prefix=prefix, patience_s=5.0) for _ in range(2)]
    one, two = (SharedAnswers(each) for each in caches)
    yield one, two
    for store in (one, two):
        await store.close()
    for each in caches:
        await each.close()


Stores = tuple[SharedAnswers, SharedAnswers]


async def test_one_leases_and_the_other_waits_until_the_answer_is_there(stores: Stores) -> None:
    one, two = stores
    assert await one.look("k") == Look(is_leased=True)
    assert await two.look("k") == Look(is_awaited=True)
    await one.put("k", b"sealed", ttl_s=60)
    one.release("k")
    assert await two.look("k") == Look(b"sealed")


async def test_who_gives_up_lets_the_next_one_ask(stores: Stores) -> None:
    one, two = stores
    await one.look("k")
    one.release("k")
    await one.close()
    assert await _until_leased(two) == Look(is_leased=True)


async def test_a_lease_lasts_as_long_as_its_process_and_no_longer(stores: Stores) -> None:
    one, two = stores
    await one.look("k")
    await asyncio.sleep(LEASE_SECONDS * 1.5)
    assert await two.look("k") == Look(is_awaited=True)
    await one.close()  # as if it had died: nobody prolongs it
    assert await _until_leased(two) == Look(is_leased=True)


async def _until_leased(store: SharedAnswers) -> Look:
    for _ in range(600):
        look = await store.look("k")
        if not look.is_awaited:
            return look
        await asyncio.sleep(0.05)
    raise AssertionError("The lease has no end.")


async def test_without_a_store_everybody_asks() -> None:
    cache = Cache("redis://127.0.0.1:9/0", prefix="test")
    store = SharedAnswers(cache)
    found: list[Any] = [await store.look("k"), await store.get("k"), store.is_away]
    assert found == [Look(), None, True]
    store.release("k")
    await store.close()
    await cache.close()
