"""Limits as callers meet them: headers that tell the rest, and refusals that say what to do."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from typing import Any
from uuid import UUID

import httpx
import pytest

from apps.kernel.events import Event
from apps.tenants.access import Limit
from tests.gateways import RunningGateway, running_gateway, tenant
from tests.simulator import RunningSimulator

PATHS = {"openai": "/v1/chat/completions", "anthropic": "/v1/messages"}


@pytest.fixture
def gateway(simulator: RunningSimulator) -> Iterator[RunningGateway]:
    with running_gateway(tenant(1, simulator.url), tenant(2, simulator.url)) as running:
        yield running


def limit(kind: str, amount: str, **changes: Any) -> Limit:
    given: dict[str, Any] = {
        "id": UUID(int=7), "subject": "organization", "subject_id": UUID(int=1),
        "kind": kind, "amount": Decimal(amount), "window": None,
    }  # fmt: skip
    return Limit(**(given | changes))


def limit_first(gateway: RunningGateway, *limits: Limit) -> None:
    first, *others = gateway.tenants
    gateway.tenants = [first.having(limits=limits), *others]


def ask(
    gateway: RunningGateway, key: str | None = None, dialect: str = "openai", **changes: Any
) -> httpx.Response:
    body = {
        "model": "claude-haiku-4-5" if dialect == "anthropic" else "gpt-4o-mini",
        "max_tokens": 20,
        "messages": [{"role": "user", "content": "hello"}],
    }
    return httpx.post(
        gateway.url + PATHS[dialect],
        json=body | changes,
        headers={"authorization": f"Bearer {key or gateway.key}", "x-sim-latency-ms": "150"},
        timeout=20,
    )


@pytest.mark.parametrize("dialect", PATHS)
def test_past_its_requests_a_minute_a_caller_waits_and_another_does_not(
    gateway: RunningGateway, dialect: str
) -> None:
    limit_first(gateway, limit("requests_per_minute", "2"))
    answers = [ask(gateway, dialect=dialect) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert answers[0].headers["netra-limit-requests"] == "2"
    assert answers[0].headers["netra-remaining-requests"] == "1"
    refused = answers[2]
    assert 0 < int(refused.headers["retry-after"]) <= 60
    assert refused.headers["netra-error-code"] == "rate_limit_exceeded"
    assert "2 requests per minute" in refused.json()["error"]["message"]
    assert ask(gateway, gateway.tenants[1].key, dialect).status_code == 200


def test_a_refused_call_is_recorded_as_such_and_costs_nothing(gateway: RunningGateway) -> None:
    limit_first(gateway, limit("requests_per_minute", "1"))
    ask(gateway)
    ask(gateway)
    served, refused = gateway.events(2)
    assert (served.outcome, refused.outcome) == ("success", "refused")
    assert (refused.status, refused.error_code) == (429, "rate_limit_exceeded")
    assert (refused.actual_usd, refused.attempts) == (Decimal(0), ())


def test_a_budget_holds_the_worst_case_back_and_settles_the_true_cost(
    gateway: RunningGateway,
) -> None:
    budget = limit("budget_usd", "0.001", window="day", subject="key", subject_id=UUID(int=1 << 32))
    limit_first(gateway, budget)
    answers = [ask(gateway, max_tokens=1000) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [200, 200]
    spent = sum((event.actual_usd or Decimal(0) for event in gateway.events(2)), Decimal(0))
    left = Decimal(ask(gateway).headers["netra-budget-remaining-usd"])
    assert left <= Decimal("0.001") - spent
    refused = ask(gateway, max_tokens=16_000)
    assert refused.status_code == 429
    assert refused.headers["netra-error-code"] == "budget_exhausted"
    assert "budget of $0.001 per day" in refused.json()["error"]["message"]


def test_a_soft_budget_warns_and_never_refuses(gateway: RunningGateway) -> None:
    budget = limit(
        "budget_usd", "0.000001", window="day", is_hard=False, alert_fractions=(Decimal("0.5"),)
    )
    limit_first(gateway, budget)
    assert [ask(gateway).status_code for _ in range(3)] == [200, 200, 200]


def test_calls_at_once_are_counted_and_their_slots_given_back(gateway: RunningGateway) -> None:
    limit_first(gateway, limit("concurrency", "2"))
    with ThreadPoolExecutor(6) as pool:
        statuses = sorted(pool.map(lambda _: ask(gateway).status_code, range(6)))
    assert statuses[:2] == [200, 200]
    assert set(statuses) == {200, 429}
    assert ask(gateway).status_code == 200


def test_slots_of_callers_who_leave_come_back(gateway: RunningGateway) -> None:
    limit_first(gateway, limit("concurrency", "1"))
    for before in range(3):
        with pytest.raises(httpx.ReadTimeout):
            httpx.post(
                gateway.url + PATHS["openai"],
                json={"model": "gpt-4o-mini", "messages": [{"role": "user", "content": "x"}]},
                headers={"authorization": f"Bearer {gateway.key}", "x-sim-latency-ms": "5000"},
                timeout=0.3,
            )
        gateway.events(before + 1)
    events: list[Event] = gateway.events(3)
    assert [event.outcome for event in events] == ["cancelled"] * 3
    assert all(event.is_estimated and event.buckets.input_uncached for event in events)
    assert ask(gateway).status_code == 200


def test_without_redis_calls_go_on(simulator: RunningSimulator) -> None:
    nowhere = "redis://127.0.0.1:1/0"
    with running_gateway(tenant(1, simulator.url), redis_url=nowhere) as gateway:
        limit_first(gateway, limit("requests_per_minute", "100"))
        assert ask(gateway).status_code == 200
        assert httpx.get(f"{gateway.url}/readyz").json()["limits"] == "local"
