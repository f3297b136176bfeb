"""The exact cache through a real gateway: the same call is not paid twice, nor given to others."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import anthropic
import httpx
import openai
import pytest

from apps.kernel.events import Event
from apps.optimization.access import Flush, Policies, PolicyTerms
from apps.tenants.access import KeyAccess, ProjectAccess
from apps.tenants.key_format import new_key
from apps.tenants.vault import new_data_key
from tests.gateways import RunningGateway, Tenant, running_gateway, tenant
from tests.launch.projects import eventually
from tests.simulator import RunningSimulator

CHAT = "/v1/chat/completions"
MESSAGES = "/v1/messages"
CANARY = "canary-vermilion-77"


def caching(base: Tenant, policies: Policies | None = None, **more: Any) -> Tenant:
    """A tenant with a data key, and with what its organization says about levers."""
    parts = {"policies": policies.to_dict()} if policies else {}
    return base.having(data_key=new_data_key(), parts=parts, **more)


@pytest.fixture
def gateway(simulator: RunningSimulator) -> Any:
    simulator.forget_calls()
    tenants = [caching(tenant(number, simulator.url)) for number in (1, 2)]
    with running_gateway(*tenants) as running:
        yield running


def asked(**changes: Any) -> dict[str, Any]:
    said = [{"role": "user", "content": f"What is {CANARY}?"}]
    return {"model": "gpt-4o-mini", "temperature": 0, "messages": said} | changes


def post(
    gateway: RunningGateway,
    body: dict[str, Any],
    *,
    key: str = "",
    path: str = CHAT,
    **headers: str,
) -> httpx.Response:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    own = {"authorization": f"Bearer {key or gateway.key}"}
    return httpx.post(
        gateway.url + path, json=body, headers=own | named, timeout=30
    ).raise_for_status()


def statuses(gateway: RunningGateway, *bodies: dict[str, Any], **options: str) -> list[str | None]:
    return [post(gateway, body, **options).headers.get("netra-cache") for body in bodies]


def saving(event: Event) -> Decimal:
    assert event.counterfactual_usd is not None
    assert event.actual_usd is not None
    return event.counterfactual_usd - event.actual_usd


def test_the_same_call_again_costs_nothing_and_its_record_shows_the_saving(
    gateway: RunningGateway, simulator: RunningSimulator
) -> None:
    first, second = post(gateway, asked()), post(gateway, asked())
    assert (first.headers["netra-cache"], second.headers["netra-cache"]) == ("miss", "hit")
    assert (second.content, second.headers["netra-cost-usd"]) == (first.content, "0")
    assert len(simulator.calls()) == 1
    paid, served = gateway.events(2)
    assert (paid.counterfactual_usd, paid.decomposition) == (paid.actual_usd, {})
    assert (served.actual_usd, served.counterfactual_usd) == (Decimal(0), paid.actual_usd)
    assert served.decomposition == {"exact_cache": paid.actual_usd}
    [decision] = served.decisions
    assert decision.decision == "act"
    assert decision.reason in {"hit", "in_flight"}  # the first is perhaps being kept still
    assert (served.provider, served.served_model) == ("openai", paid.served_model)
    assert (served.buckets.total, served.outcome, served.is_triggered) == (0, "success", True)


def test_a_long_prompt_is_counted_as_the_providers_own_cache_would_have_charged_it(
    gateway: RunningGateway,
) -> None:
    body = asked(messages=[{"role": "user", "content": "all the same " * 2000}], model="gpt-4o")
    post(gateway, body)
    post(gateway, body)
    paid, served = gateway.events(2)
    assert 0 < saving(served) < (paid.actual_usd or 0)


@pytest.mark.parametrize("first_is_stream", [True, False])
def test_an_answer_is_given_in_the_form_that_is_asked_for(
    gateway: RunningGateway, *, first_is_stream: bool
) -> None:
    client = openai.OpenAI(base_url=f"{gateway.url}/v1", api_key=gateway.key)
    tool = {"type": "function", "function": {"name": "look_up", "parameters": {"type": "object"}}}

    def whole(**more: Any) -> Any:
        return client.chat.completions.create(**asked(**more))

    def streamed(**more: Any) -> Any:
        options = {"stream": True, "stream_options": {"include_usage": True}}
        chunks = list(client.chat.completions.create(**asked(**more, **options)))
        deltas = [chunk.choices[0].delta for chunk in chunks if chunk.choices]
        text = "".join(delta.content or "" for delta in deltas)
        calls = [call for delta in deltas for call in delta.tool_calls or ()]
        return chunks, text, calls

    for more in ({}, {"tools": [tool]}):
        if first_is_stream:
            (chunks, text, calls), answer = streamed(**more), whole(**more)
        else:
            answer, (chunks, text, calls) = whole(**more), streamed(**more)
        message = answer.choices[0].message
        assert (message.content or "", chunks[-1].usage.total_tokens) == (
            text,
            answer.usage.total_tokens,
        )
        typed = "".join(call.function.arguments or "" for call in calls)
        assert "".join(call.function.arguments for call in message.tool_calls or ()) == typed
    assert [event.decisions[0].decision for event in gateway.events(4)] == ["none", "act"] * 2
    client.close()


@pytest.mark.parametrize("first_is_stream", [True, False])
def test_a_message_is_given_in_the_form_that_is_asked_for(
    gateway: RunningGateway, *, first_is_stream: bool
) -> None:
    client = anthropic.Anthropic(base_url=gateway.url, api_key=gateway.key)
    said: Any = [{"role": "user", "content": "Explain tides."}]
    options: Any = {"model": "claude-haiku-4-5", "max_tokens": 500, "messages": said}

    def ask(*, is_stream: bool) -> Any:
        if not is_stream:
            return client.messages.create(**options, extra_body={"temperature": 0})
        with client.messages.stream(**options, extra_body={"temperature": 0}) as stream:
            return stream.get_final_message()

    first, second = (ask(is_stream=first_is_stream), ask(is_stream=not first_is_stream))
    assert (first.content[0].text, first.stop_reason) == (
        second.content[0].text,
        second.stop_reason,
    )
    assert first.usage.output_tokens == second.usage.output_tokens
    assert [event.decisions[0].decision for event in gateway.events(2)] == ["none", "act"]
    client.close()


@pytest.mark.parametrize(
    "other",
    [
        {"messages": [{"role": "user", "content": "Something else"}]},
        {"messages": [{"role": "system", "content": "Be brief."}, *asked()["messages"]]},
        {"messages": [*asked()["messages"], {"role": "assistant", "content": "It is red."}]},
        {"model": "gpt-4o"},
        {"max_tokens": 5000},
        {"seed": 7},
        {"tools": [{"type": "function", "function": {"name": "f", "parameters": {}}}]},
        {"response_format": {"type": "json_object"}},
        {"reasoning_effort": "low"},
        {"something_new": 1},
    ],
)
def test_a_call_that_differs_in_what_may_change_the_answer_is_another_one(
    gateway: RunningGateway, other: dict[str, Any]
) -> None:
    assert statuses(gateway, asked(), asked(**other), asked()) == ["miss", "miss", "hit"]


def test_who_asks_and_how_it_is_traced_makes_no_other_call(gateway: RunningGateway) -> None:
    again = asked(user="somebody", metadata={"trace": "7"}, service_tier="auto")
    assert statuses(gateway, asked(), again) == ["miss", "hit"]


@pytest.mark.parametrize(
    "body", [asked(temperature=1), asked(temperature=None), asked(store=True), asked(max_tokens=1)]
)
def test_what_is_drawn_stored_elsewhere_or_cut_is_not_given_again(
    gateway: RunningGateway, body: dict[str, Any]
) -> None:
    assert "hit" not in statuses(gateway, body, body)


def test_nothing_crosses_to_another_organization_or_project(
    simulator: RunningSimulator,
) -> None:
    """Both have equal ids of projects and keys, and one has a second project."""
    one = caching(tenant(1, simulator.url))
    twin_organization = replace(one.organization, id=UUID(int=2))
    twin = Tenant(
        replace(twin_organization, data_key=new_data_key()),
        replace(one.access, organization_id=UUID(int=2)),
        new_key(is_test=True).value,
    )
    second = ProjectAccess(UUID(int=99), "Second")
    one = one.having(projects={**one.organization.projects, second.id: second})
    sibling_access: KeyAccess = replace(one.access, id=UUID(int=98), project_id=second.id)
    sibling = Tenant(one.organization, sibling_access, new_key(is_test=True).value)
    with running_gateway(one, twin) as gateway:
        assert statuses(gateway, asked(), asked()) == ["miss", "hit"]
        assert statuses(gateway, asked(), asked(), key=twin.key) == ["miss", "hit"]
        gateway.tenants = [sibling]
        assert statuses(gateway, asked(), asked(), key=sibling.key) == ["miss", "hit"]


def test_equal_calls_at_the_same_moment_are_asked_once(
    gateway: RunningGateway, simulator: RunningSimulator
) -> None:
    def ask(is_stream: bool) -> str:
        body = asked(stream=is_stream)
        return post(gateway, body, x_sim_latency_ms="400").headers["netra-cache"]

    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(ask, [False, True] * 4))
    assert sorted(found) == ["hit"] * 7 + ["miss"]
    assert len(simulator.calls()) == 1
    assert "in_flight" in {event.decisions[0].reason for event in gateway.events(8)}
    assert eventually(lambda: len(gateway.runtime.flights) == 0)


def test_who_waits_for_a_call_that_fails_asks_for_themselves(gateway: RunningGateway) -> None:
    def ask(fault: str) -> int:
        headers = {"authorization": f"Bearer {gateway.key}", "x-sim-fault": fault}
        return httpx.post(gateway.url + CHAT, json=asked(), headers=headers, timeout=30).status_code

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(ask, ["slow-first-byte=0.3,400"] * 4)) == [400] * 4
    assert ask("") == 200
    assert eventually(lambda: len(gateway.runtime.flights) == 0)


@pytest.mark.parametrize(
    ("flush", "found"),
    [
        ({}, ["miss", "miss"]),
        ({"tag": "doc=7"}, ["miss", "hit"]),
        ({"tag": "doc=8"}, ["hit", "hit"]),
        ({"project_id": UUID(int=1 << 16)}, ["miss", "miss"]),
        ({"project_id": UUID(int=5)}, ["hit", "hit"]),
    ],
)
def test_what_was_flushed_is_not_given_again(
    gateway: RunningGateway, flush: dict[str, Any], found: list[str]
) -> None:
    tagged, plain = asked(), asked(seed=1)
    post(gateway, tagged, netra_tags="doc=7")
    post(gateway, plain)
    void = Policies(flushes=(Flush(at=datetime.now(UTC), **flush),))
    [first, second] = gateway.tenants
    gateway.tenants = [first.having(parts={"policies": void.to_dict()}), second]
    assert [*statuses(gateway, tagged), *statuses(gateway, plain)] == found


def test_levers_that_are_off_shadowed_or_bypassed_leave_calls_alone(
    simulator: RunningSimulator,
) -> None:
    base = tenant(1, simulator.url)
    for state, headers, decisions in (
        ("off", {}, [[], []]),
        ("shadow", {}, [["none"], ["shadow"]]),
        ("on", {"netra_bypass": "true"}, [["shadow"], ["shadow"]]),
    ):
        said = Policies(organization=PolicyTerms(levers={"exact_cache": state}))
        with running_gateway(caching(base, said)) as gateway:
            assert "hit" not in statuses(gateway, asked(), asked(), **headers)
            events = gateway.events(2)
        assert [[each.decision for each in event.decisions] for event in events] == decisions
        assert [saving(event) for event in events] == [0, 0]


def test_a_store_that_is_away_makes_every_call_a_miss(simulator: RunningSimulator) -> None:
    away = "redis://127.0.0.1:9/0"
    with running_gateway(caching(tenant(1, simulator.url)), answers_url=away) as gateway:
        assert statuses(gateway, asked(), asked()) == ["miss", "miss"]


def test_what_a_lever_breaks_goes_on_untouched(
    gateway: RunningGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(_key: str) -> bytes:
        raise ZeroDivisionError

    monkeypatch.setattr(gateway.runtime.answers, "look", broken)
    assert statuses(gateway, asked(), asked()) == [None, None]
    assert [event.outcome for event in gateway.events(2)] == ["success"] * 2
