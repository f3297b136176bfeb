"""However much is certified, an answer stays with its organization, project, instructions and talk.

A certificate for everything is assumed: what keeps answers apart is not the want of one.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from django.conf import settings
from redis import Redis

from apps.kernel.ids import uuid7
from apps.optimization.access import Flush, Policies
from apps.optimization.certificates import Certificate, Certificates
from apps.proxy.stages.reusing import weighing
from apps.tenants.access import ProjectAccess
from apps.tenants.key_format import new_key
from apps.tenants.vault import new_data_key
from tests.gateways import RunningGateway, Tenant, tenant
from tests.proxy.near import (
    AGAIN,
    BOUND,
    CANARY,
    FIRST,
    LEVERS,
    RULES,
    STATUS,
    ask,
    kept,
    reusing,
    serving,
    user,
)
from tests.simulator import RunningSimulator

SECRET = f"The code is {CANARY}."
TOOL = {"type": "function", "function": {"name": "f", "parameters": {"type": "object"}}}


@pytest.fixture(params=LEVERS)
def lever(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(autouse=True)
def all_certified(monkeypatch: pytest.MonkeyPatch) -> None:
    def certificate(_self: Certificates, lever: str, **place: Any) -> Certificate:
        expires_at = place.pop("at") + timedelta(hours=1)
        return Certificate(
            id=uuid7(), lever=lever, threshold=0.0, bound=BOUND, expires_at=expires_at, **place
        )

    monkeypatch.setattr(Certificates, "of", certificate)
    monkeypatch.setattr(weighing, "_draw", lambda: 0.99)


def asked(gateway: RunningGateway, text: str, **changes: Any) -> str:
    return str(ask(gateway, text, **changes).headers["netra-cache"])


def begun(gateway: RunningGateway, lever: str, **changes: Any) -> None:
    """The first question's answer is kept, and given to the second: the lever works."""
    ask(gateway, FIRST, **changes)
    if lever == "semantic":
        kept(gateway, 1)
    assert asked(gateway, AGAIN[lever], **changes) == STATUS[lever]


@pytest.mark.parametrize(
    "other",
    [
        {"messages": [{"role": "system", "content": SECRET}, user("")]},
        {"messages": [user("")]},
        {"messages": [RULES, user(SECRET), {"role": "assistant", "content": "Noted."}, user("")]},
        {"messages": [RULES, {"role": "developer", "content": SECRET}, user("")]},
        {"messages": [RULES, {**user(""), "name": "bob"}]},
        {"model": "gpt-4o"},
        {"max_tokens": 5000},
        {"seed": 7},
        {"tools": [TOOL], "tool_choice": "none"},
        {"response_format": {"type": "json_object"}},
        {"something_new": CANARY},
        {"headers": {"accept-language": "de"}},
        {"headers": {"netra-tags": "locale=de"}},
    ],
)
def test_what_else_differs_makes_another_namespace(
    simulator: RunningSimulator, lever: str, other: dict[str, Any]
) -> None:
    with serving(simulator, reusing(tenant(1, simulator.url), lever), lever=lever) as gateway:
        begun(gateway, lever)
        text = f"{AGAIN[lever]}!"
        if "messages" in other:
            *before, last = other["messages"]
            other = other | {"messages": [*before, {**last, "content": text}]}
        assert asked(gateway, text, **other) == "miss"


def test_a_conversation_is_answered_by_the_same_one_only(simulator: RunningSimulator) -> None:
    def talk(answer: str, last: str) -> dict[str, Any]:
        said = [user("May I ask?"), {"role": "assistant", "content": answer}, user(last)]
        return {"messages": [RULES, *said]}

    known = reusing(tenant(1, simulator.url), "near_exact")
    with serving(simulator, known, lever="near_exact") as gateway:
        found = [
            asked(gateway, "", **talk("Yes.", FIRST)),
            asked(gateway, "", **talk("Yes.", AGAIN["near_exact"])),
            asked(gateway, "", **talk(SECRET, AGAIN["near_exact"])),
            asked(gateway, AGAIN["near_exact"]),
        ]
    assert found == ["miss", "near-exact", "miss", "miss"]


def test_the_middle_of_a_conversation_has_no_meaning_of_its_own(
    simulator: RunningSimulator,
) -> None:
    before = [user("May I ask?"), {"role": "assistant", "content": "Yes."}]
    known = reusing(tenant(1, simulator.url), "semantic")
    with serving(simulator, known, lever="semantic") as gateway:
        for text in (FIRST, AGAIN["semantic"]):
            assert asked(gateway, "", messages=[RULES, *before, user(text)]) == "miss"
        events = gateway.events(2)
        assert gateway.runtime.similar.found is not None
    assert {each.lever for event in events for each in event.decisions} == {"exact_cache"}


def twin_of(one: Tenant) -> Tenant:
    """Another organization with the same ids of projects and keys."""
    organization = replace(one.organization, id=UUID(int=2), data_key=new_data_key())
    access = replace(one.access, organization_id=UUID(int=2))
    return Tenant(organization, access, new_key(is_test=True).value)


def sharing_twin_of(one: Tenant) -> Tenant:
    """The same with the same data key, which should not happen."""
    twin = twin_of(one)
    return twin.having(data_key=one.organization.data_key)


@pytest.mark.parametrize("make", [twin_of, sharing_twin_of])
def test_nothing_crosses_to_another_organization(
    simulator: RunningSimulator, lever: str, make: Callable[[Tenant], Tenant]
) -> None:
    one = reusing(tenant(1, simulator.url), lever)
    twin = make(one)
    with serving(simulator, one, twin, lever=lever) as gateway:
        begun(gateway, lever)
        assert asked(gateway, FIRST, key=twin.key) == "miss"
        if lever == "semantic":
            kept(gateway, 2)
        assert asked(gateway, AGAIN[lever], key=twin.key) == STATUS[lever]  # by an own answer
        assert len(simulator.calls()) == 2


def test_nothing_crosses_to_another_project(simulator: RunningSimulator, lever: str) -> None:
    one = reusing(tenant(1, simulator.url), lever)
    second = ProjectAccess(UUID(int=99), "Second")
    one = one.having(projects={**one.organization.projects, second.id: second})
    access = replace(one.access, id=UUID(int=98), project_id=second.id)
    sibling = Tenant(one.organization, access, new_key(is_test=True).value)
    with serving(simulator, one, lever=lever) as gateway:
        begun(gateway, lever)
        gateway.tenants = [sibling]
        assert asked(gateway, f"{AGAIN[lever]}!", key=sibling.key) == "miss"


@pytest.mark.parametrize("tag", [None, "doc=7"])
def test_what_was_flushed_is_not_given(
    simulator: RunningSimulator, lever: str, tag: str | None
) -> None:
    with serving(simulator, reusing(tenant(1, simulator.url), lever), lever=lever) as gateway:
        begun(gateway, lever, headers={"netra-tags": "doc=7"})
        [known] = gateway.tenants
        said = Policies.from_dict(known.organization.parts["policies"])
        void = replace(said, flushes=(Flush(at=datetime.now(UTC), tag=tag),))
        gateway.tenants = [known.having(parts={"policies": void.to_dict()})]
        assert asked(gateway, f"{AGAIN[lever]}!") == "miss"


def test_nothing_of_a_question_can_be_read_in_the_store_or_in_the_maps(
    simulator: RunningSimulator,
) -> None:
    known = reusing(tenant(1, simulator.url), "semantic")
    with serving(simulator, known, lever="semantic") as gateway:
        begun(gateway, "semantic")
        indexes = gateway.spool_files()[0].parents[1] / "index"
        texts = [each.read_bytes() for each in indexes.iterdir()]
        with Redis.from_url(settings.CACHE_URL) as client:
            names = [*client.scan_iter(f"{gateway.prefix}:*")]
            texts += names + [client.dump(name) for name in names]
    assert len(names) >= 3
    assert [text for text in texts if CANARY.encode() in text] == []
