"""Comparisons reach the workers of their own organization, and what is too much is lost."""

from collections.abc import Iterator

import pytest
from django.conf import settings
from redis import Redis

from apps.kernel.ids import uuid7
from apps.optimization.comparisons import LARGEST, queue_key
from apps.optimization.judging.queue import organizations_waiting, put_back, taken
from apps.proxy.comparisons import SharedComparisons
from apps.tenants.vault import new_data_key
from tests.optimization.comparisons import comparison

KEY, OTHER_KEY = new_data_key(), new_data_key()


@pytest.fixture
def client() -> Iterator[Redis]:
    with Redis.from_url(settings.CACHE_URL) as opened:
        yield opened


@pytest.fixture
def prefix() -> str:
    return f"test-{uuid7()}"


async def test_they_reach_the_workers_of_their_organization(client: Redis, prefix: str) -> None:
    first, second = comparison(), comparison()
    foreign = comparison(organization_id=uuid7())
    shared = SharedComparisons(settings.CACHE_URL, prefix=prefix)
    for each, key in ((first, KEY), (second, KEY), (foreign, OTHER_KEY)):
        shared.offer(each, key)
    await shared.close()
    ours = first.organization_id
    assert organizations_waiting(client, prefix=prefix) == {ours, foreign.organization_id}
    found = taken(client, prefix=prefix, organization_id=ours, data_key=KEY, most=10)
    assert found == [first, second]
    assert organizations_waiting(client, prefix=prefix) == {foreign.organization_id}
    assert taken(client, prefix=prefix, organization_id=ours, data_key=KEY, most=10) == []


async def test_what_is_left_is_still_waiting(client: Redis, prefix: str) -> None:
    both = comparison(), comparison()
    shared = SharedComparisons(settings.CACHE_URL, prefix=prefix)
    for each in both:
        shared.offer(each, KEY)
    await shared.close()
    ours = both[0].organization_id
    for each in both:
        assert organizations_waiting(client, prefix=prefix) == {ours}
        found = taken(client, prefix=prefix, organization_id=ours, data_key=KEY, most=1)
        assert found == [each]


async def test_too_many_and_too_large_ones_are_lost(client: Redis, prefix: str) -> None:
    shared = SharedComparisons(settings.CACHE_URL, prefix=prefix)
    large, small = comparison(given="x" * LARGEST), comparison()
    shared.offer(large, KEY)
    for _ in range(600):
        shared.offer(small, KEY)
    await shared.close()
    kept = client.llen(queue_key(prefix, small.organization_id))
    assert 0 < kept < 600


async def test_a_store_that_is_away_loses_them_quietly(prefix: str) -> None:
    shared = SharedComparisons("redis://127.0.0.1:9/0", prefix=prefix)
    shared.offer(comparison(), KEY)
    shared.offer(comparison(), KEY)
    await shared.close()


def test_what_was_put_back_waits_behind_what_came_since(client: Redis, prefix: str) -> None:
    early, late = comparison(), comparison()
    for each in (late, early):
        put_back(client, [each], prefix=prefix, data_key=KEY)
    put_back(client, [], prefix=prefix, data_key=KEY)
    ours = early.organization_id
    assert organizations_waiting(client, prefix=prefix) == {ours}
    found = taken(client, prefix=prefix, organization_id=ours, data_key=KEY, most=10)
    assert found == [late, early]
