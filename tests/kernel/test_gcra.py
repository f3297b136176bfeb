from concurrent.futures import ThreadPoolExecutor

import pytest
from redis import Redis

from apps.kernel.gcra import LocalLimiter, SharedLimiter
from tests.api.redis_keys import fresh_key, redis_client

LIMIT = 50
# So long that no call comes back while 200 of them race.
PERIOD_S = 86_400


@pytest.fixture
def client() -> Redis:
    return redis_client()


def test_of_200_calls_at_once_exactly_the_limit_passes(client: Redis) -> None:
    limiter, key = SharedLimiter(client), fresh_key()
    with ThreadPoolExecutor(200) as pool:
        verdicts = list(
            pool.map(lambda _: limiter.spend(key, limit=LIMIT, period_s=PERIOD_S), range(200))
        )
    assert sum(verdict.is_allowed for verdict in verdicts) == LIMIT
    assert min(verdict.remaining for verdict in verdicts) == 0


def test_the_local_limiter_lets_exactly_the_limit_pass() -> None:
    limiter = LocalLimiter()
    with ThreadPoolExecutor(50) as pool:
        verdicts = list(
            pool.map(
                lambda _: limiter.spend("a", limit=LIMIT, period_s=PERIOD_S, now_s=0.0), range(200)
            )
        )
    assert sum(verdict.is_allowed for verdict in verdicts) == LIMIT


def test_calls_come_back_evenly() -> None:
    limiter = LocalLimiter()
    for _ in range(60):
        limiter.spend("a", limit=60, period_s=60, now_s=0.0)
    refused = limiter.spend("a", limit=60, period_s=60, now_s=0.5)
    assert (refused.is_allowed, refused.remaining, refused.wait_s) == (False, 0, 0.5)
    allowed = limiter.spend("a", limit=60, period_s=60, now_s=1.0)
    assert (allowed.is_allowed, allowed.remaining, allowed.reset_s) == (True, 0, 60)
    rested = limiter.spend("a", limit=60, period_s=60, now_s=1000.0)
    assert (rested.is_allowed, rested.remaining, rested.reset_s) == (True, 59, 1)


def test_the_shared_limiter_agrees_with_the_local_one(client: Redis) -> None:
    shared, local, key = SharedLimiter(client), LocalLimiter(), fresh_key()
    for _ in range(LIMIT + 2):
        far = shared.spend(key, limit=LIMIT, period_s=PERIOD_S)
        near = local.spend("a", limit=LIMIT, period_s=PERIOD_S, now_s=0.0)
        assert (far.is_allowed, far.limit, far.remaining) == (
            near.is_allowed,
            near.limit,
            near.remaining,
        )


def test_the_local_limiter_forgets_the_callers_seen_longest_ago() -> None:
    limiter = LocalLimiter(capacity=2)
    for caller in ("a", "b", "c"):
        limiter.spend(caller, limit=1, period_s=60, now_s=0.0)
    assert limiter.spend("c", limit=1, period_s=60, now_s=0.0).is_allowed is False
    assert limiter.spend("a", limit=1, period_s=60, now_s=0.0).is_allowed is True
