from collections import Counter
from uuid import UUID

import pytest

from apps.proxy.breaker import FAILURES, Breakers
from apps.proxy.selection import (
    Candidate,
    Latencies,
    Tier,
    ordered,
    tier_of_provider,
    tiers_of_route,
)
from apps.tenants.access import Route, Target
from tests.gateways import tenant

ACME = tenant(1, "http://upstream", providers=("openai", "groq", "openai")).organization
OPENAI_1, GROQ, OPENAI_2 = ACME.credentials.values()


def route(*targets: Target) -> Route:
    return Route(UUID(int=1), None, "*", "priority", targets, 0, 1, 1, 1, 1)


def order(tier: Tier, strategy: str, **given: object) -> list[Candidate]:
    parts: dict[str, object] = {"latencies": Latencies(), "breakers": Breakers(), "now": 0.0}
    return ordered(tier, strategy=strategy, **(parts | given))  # type: ignore[arg-type]


def test_targets_of_the_lowest_priority_serve_and_the_others_are_fallbacks() -> None:
    tiers = tiers_of_route(
        ACME,
        route(
            Target("groq", priority=5, model="llama"),
            Target("openai", OPENAI_2.id, priority=1),
            Target("openai", OPENAI_1.id, priority=5),
        ),
    )
    assert [[(c.credential, c.model) for c in tier] for tier in tiers] == [
        [(OPENAI_2, None)],
        [(GROQ, "llama"), (OPENAI_1, None)],
    ]


def test_a_target_without_credential_is_every_one_of_its_provider() -> None:
    tier = tier_of_provider(ACME, "openai", model="gpt-4o")
    assert [candidate.credential for candidate in tier] == [OPENAI_1, OPENAI_2]


def test_a_credential_that_is_gone_leaves_its_target_out() -> None:
    assert tiers_of_route(ACME, route(Target("openai", UUID(int=99)))) == []


def test_least_latency_asks_the_fastest_and_first_those_never_asked() -> None:
    tier = [Candidate(OPENAI_1), Candidate(OPENAI_2), Candidate(GROQ)]
    latencies = Latencies()
    latencies.observe(tier[0], 300)
    latencies.observe(tier[1], 100)
    first = Counter(order(tier, "least_latency", latencies=latencies)[0] for _ in range(200))
    assert first.most_common(1)[0][0] == tier[2]
    latencies.observe(tier[2], 200)
    first = Counter(order(tier, "least_latency", latencies=latencies)[0] for _ in range(200))
    assert first.most_common(1)[0][0] == tier[1]
    assert sum(first.values()) > first[tier[1]]


def test_weights_are_shares() -> None:
    tier = [Candidate(OPENAI_1, weight=9), Candidate(OPENAI_2, weight=1), Candidate(GROQ, weight=0)]
    first = Counter(order(tier, "weighted")[0] for _ in range(4000))
    assert 0.87 < first[tier[0]] / 4000 < 0.93
    assert first[tier[2]] == 0


@pytest.mark.parametrize("strategy", ["priority", "weighted", "least_latency"])
def test_an_open_circuit_goes_last_whatever_the_strategy(strategy: str) -> None:
    tier = [Candidate(OPENAI_1), Candidate(OPENAI_2)]
    breakers = Breakers()
    for _ in range(FAILURES):
        breakers.fail(tier[0].key, now=0)
    assert order(tier, strategy, breakers=breakers) == [tier[1], tier[0]]


def test_no_more_averages_are_kept_than_may_be_and_the_oldest_goes_first() -> None:
    latencies = Latencies(most=2)
    first, second, third = (Candidate(GROQ, name) for name in ("a", "b", "c"))
    for candidate in (first, second, first, third):
        latencies.observe(candidate, 100.0)
    assert [latencies.of(each) for each in (first, second, third)] == [0.0, 100.0, 100.0]
