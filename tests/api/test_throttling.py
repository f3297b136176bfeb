import socket
from collections.abc import Iterator

import pytest
from pytest_django import Settings
from redis import Redis

from apps.api.throttling import caller_limiter
from apps.kernel.gcra import PAUSE_S, CallerLimiter, LocalLimiter, SharedLimiter
from apps.tenants.models import Organization
from tests import factories
from tests.api.callers import by_key
from tests.api.redis_keys import fresh_key, redis_client

pytestmark = pytest.mark.django_db


@pytest.fixture
def acme() -> Organization:
    return factories.make_organization("Acme")


@pytest.fixture
def limiter() -> Iterator[None]:
    caller_limiter.cache_clear()
    yield
    caller_limiter.cache_clear()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def test_each_caller_has_its_own_allowance(
    acme: Organization, settings: Settings, limiter: None
) -> None:
    settings.API_REQUESTS_PER_MINUTE = 2
    first = by_key(factories.make_api_key(acme).text.value)
    second = by_key(factories.make_api_key(acme).text.value)
    answers = [first("GET", "/organization") for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert [answer["RateLimit-Remaining"] for answer in answers] == ["1", "0", "0"]
    assert {answer["RateLimit-Limit"] for answer in answers} == {"2"}
    assert 1 <= int(answers[2]["Retry-After"]) <= 30
    assert (answers[2]["Content-Type"], answers[2].json()["code"]) == (
        "application/problem+json",
        "throttled",
    )
    assert second("GET", "/organization").status_code == 200


def test_keys_in_redis_carry_prefix_and_organization(
    acme: Organization, settings: Settings, limiter: None
) -> None:
    new = factories.make_api_key(acme)
    by_key(new.text.value)("GET", "/organization")
    name = f"{settings.REDIS_KEY_PREFIX}:{acme.pk}:api-calls:key:{new.api_key.pk}"
    assert 0 < int(redis_client().pttl(name)) <= 60_000


def test_without_redis_calls_are_counted_in_the_process(
    acme: Organization, settings: Settings, limiter: None
) -> None:
    settings.REDIS_URL = f"redis://127.0.0.1:{_free_port()}/0"
    settings.API_REQUESTS_PER_MINUTE = 2
    call = by_key(factories.make_api_key(acme).text.value)
    answers = [call("GET", "/organization").status_code for _ in range(3)]
    assert answers == [200, 200, 429]


def test_a_failing_redis_is_asked_again_after_a_pause() -> None:
    dead = SharedLimiter(Redis(port=_free_port()))
    limiter = CallerLimiter(dead, LocalLimiter())
    key = fresh_key()
    assert limiter.spend(key, limit=1, now_s=0.0).is_allowed is True
    limiter._shared = SharedLimiter(redis_client())
    assert limiter.spend(key, limit=1, now_s=PAUSE_S / 2).is_allowed is False
    assert limiter.spend(key, limit=1, now_s=PAUSE_S).is_allowed is True
