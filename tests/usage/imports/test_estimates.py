from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from apps.tenants.models import Organization
from apps.usage.imports.estimates import Hasher
from apps.usage.imports.models import Import
from tests.usage.imports import samples
from tests.usage.imports.importing import brought
from tests.usage.imports.samples import AT, jsonl

pytestmark = pytest.mark.django_db
COST = Decimal("0.00275")
HASHER = Hasher(b"k" * 32)


def call(number: int, after: timedelta, **request: Any) -> dict[str, Any]:
    raw = samples.openai(number, timestamp=(AT + after).isoformat())
    raw["request"] = raw["request"] | request
    return raw


def found(row: Import, lever: str) -> tuple[Decimal, Decimal]:
    (estimate,) = [each for each in row.estimates if each["lever"] == lever]
    assert estimate["is_proven"] is False
    assert "not a proof" in estimate["caution"]
    return Decimal(estimate["low_usd"]), Decimal(estimate["high_usd"])


def usage_of(tokens: int) -> dict[str, Any]:
    return {"prompt_tokens": tokens, "completion_tokens": 50}


def test_equal_requests_at_temperature_0_could_come_from_a_cache(acme: Organization) -> None:
    row = brought(
        acme,
        jsonl(
            call(1, timedelta(0)),
            call(2, timedelta(minutes=50), stream=True, user="grace"),
            call(3, timedelta(hours=20)),
            call(4, timedelta(hours=50)),
            call(5, timedelta(hours=50), temperature=0.7),
            call(6, timedelta(hours=50), seed=7),
        ),
    )
    assert found(row, "exact_cache") == (COST, 2 * COST)


def test_repeated_beginnings_could_be_cached_by_the_provider(acme: Organization) -> None:
    messages = [{"role": "system", "content": "x" * 20_000}, {"role": "user", "content": "?"}]
    calls = [
        call(number, timedelta(minutes=minutes), messages=messages)
        for number, minutes in ((1, 0), (2, 4), (3, 40))
    ]
    for raw in calls:
        raw["response"] = raw["response"] | {"usage": usage_of(6_000)}
    low, high = found(brought(acme, jsonl(*calls)), "prompt_cache")
    size = len('["gpt-4o",{"content":"","role":"system"}]') + 20_000
    saved = Decimal("1.25") / 10**6  # of each token: 2.5 sent, 1.25 read from the cache
    assert (low, high) == (
        round(size // 5 * saved, 6),
        round(2 * (size // 4) * saved, 6),
    )


def test_what_is_cached_already_is_not_saved_again(acme: Organization) -> None:
    messages = [{"role": "system", "content": "x" * 20_000}]
    calls = [call(number, timedelta(0), messages=messages) for number in (1, 2)]
    assert found(brought(acme, jsonl(*calls)), "prompt_cache") == (0, 0)


def test_short_calls_of_dear_models_could_be_routed(acme: Organization) -> None:
    cheap = call(2, timedelta(0))
    cheap["request"]["model"] = cheap["response"]["model"] = "gpt-4o-mini"
    with_tools = call(3, timedelta(0), tools=[{"type": "function"}])
    row = brought(acme, jsonl(call(1, timedelta(0)), cheap, with_tools))
    assert found(row, "routing") == (round(COST * Decimal("0.16"), 6), COST * Decimal("0.32"))


def test_bursts_could_wait_for_a_batch(acme: Organization) -> None:
    burst = [call(number, timedelta(seconds=number)) for number in range(30)]
    for raw in burst:
        del raw["request"]["user"]
    alone = call(99, timedelta(hours=1))
    del alone["request"]["user"]
    named, streamed = call(100, timedelta(hours=2)), call(101, timedelta(hours=3), stream=True)
    row = brought(acme, jsonl(*burst, alone, named, streamed))
    low, high = found(row, "batch")
    assert (low > 0, high / low) == (True, Decimal(31) / 30)


def test_hashes_are_of_the_organizations_own_key() -> None:
    request = samples.openai()["request"]
    assert HASHER.whole(request) == HASHER.whole(request | {"stream": True, "metadata": {"a": 1}})
    assert HASHER.whole(request) != HASHER.whole(request | {"model": "gpt-5"})
    assert HASHER.whole(request) != Hasher(b"l" * 32).whole(request)
    assert HASHER.whole(request | {"temperature": None}) is None
    assert HASHER.beginning(request) is None
