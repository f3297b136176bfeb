"""Provider prompt caches through a real gateway: marked where it pays, the prompt never changed."""

from decimal import Decimal
from typing import Any

import httpx
import orjson
import pytest

from apps.attribution.access import Experiments
from apps.optimization.access import Policies, PolicyTerms
from apps.tenants.vault import new_data_key
from tests.gateways import RunningGateway, Tenant, quick_settings, running_gateway, tenant
from tests.proxy.test_assignment import first_of, period
from tests.simulator import RunningSimulator

SYSTEM = "You know all about tides, é. " * 400
MODEL = "claude-sonnet-4-5"


def turns(count: int) -> list[dict[str, str]]:
    said = [("user", "Why?"), ("assistant", "Because of the moon.")] * count
    return [{"role": role, "content": content} for role, content in said[: 2 * count - 1]]


def body(count: int = 1, **changes: Any) -> dict[str, Any]:
    known = {"model": MODEL, "max_tokens": 50, "system": SYSTEM, "messages": turns(count)}
    return known | changes


def ask(gateway: RunningGateway, asked: dict[str, Any], conversation: str = "c") -> httpx.Response:
    headers = {"x-api-key": gateway.key, "netra-conversation": conversation}
    url = f"{gateway.url}/v1/messages"
    return httpx.post(url, json=asked, headers=headers, timeout=30).raise_for_status()


def without_marks(value: Any) -> Any:
    """What the model sees: a text and a list of one text block are the same."""
    if isinstance(value, list):
        return [without_marks(each) for each in value]
    if not isinstance(value, dict):
        return value
    plain = {name: without_marks(each) for name, each in value.items() if name != "cache_control"}
    for name in ("content", "system"):
        if isinstance(plain.get(name), str):
            plain[name] = [{"type": "text", "text": plain[name]}]
    return plain


@pytest.fixture
def caller(simulator: RunningSimulator) -> Tenant:
    simulator.forget_calls()
    return tenant(1, simulator.url)


def test_a_conversation_is_read_from_the_providers_cache_and_the_record_shows_the_saving(
    caller: Tenant, simulator: RunningSimulator
) -> None:
    with running_gateway(caller) as gateway:
        for count in range(1, 6):
            ask(gateway, body(count))
        events = gateway.events(5)
    sent = [call.json for call in simulator.calls()]
    assert [without_marks(each) for each in sent] == [
        without_marks(body(count)) for count in range(1, 6)
    ]
    assert b'"cache_control"' in simulator.calls()[-1].body
    assert events[-1].buckets.cache_read > 1024
    assert events[-1].decisions[-1].decision == "act"
    saved = [event.decomposition.get("prompt_cache", Decimal(0)) for event in events]
    differences = [(event.counterfactual_usd or 0) - (event.actual_usd or 0) for event in events]
    assert saved == differences
    assert sum(saved) > 0
    assert min(saved) < 0  # what writing cost more is shown as well


def test_what_the_caller_marked_is_completed_and_claimed_for_nobody(
    caller: Tenant, simulator: RunningSimulator
) -> None:
    marked = [{"type": "text", "text": SYSTEM, "cache_control": {"type": "ephemeral"}}]
    with running_gateway(caller) as gateway:
        for count in range(1, 5):
            ask(gateway, body(count, system=marked))
        events = gateway.events(4)
    for call in simulator.calls():
        assert call.json["system"] == marked
    assert [event.decomposition for event in events] == [{}] * 4


def test_those_held_out_are_sent_byte_for_byte(caller: Tenant, simulator: RunningSimulator) -> None:
    parts = {"experiments": Experiments((period(),)).to_dict()}
    asked = body(2)
    with running_gateway(caller.having(parts=parts)) as gateway:
        for number in range(30):
            ask(gateway, asked, f"c-{number}")
        events = gateway.events(30)
    raw = httpx.Request("POST", "http://x", json=asked).content
    untouched = [call.body == raw for call in simulator.calls()]
    acted = [event.decisions[-1].decision == "act" for event in events]
    assert [not each for each in untouched] == acted
    assert first_of(events, "holdout").decisions[-1].decision in {"shadow", "none"}
    assert not any(acted[n] for n in range(30) if events[n].arm == "holdout")
    for event, has_acted in zip(events, acted, strict=True):
        unread = [(each.buckets.cache_read, each.buckets.total) for each in event.untouched]
        assert unread == ([(0, event.buckets.total)] if has_acted else [])


@pytest.mark.parametrize("why", ["off", "slow", "short"])
def test_a_call_that_is_not_to_be_marked_is_sent_byte_for_byte(
    caller: Tenant, simulator: RunningSimulator, why: str
) -> None:
    off = Policies(organization=PolicyTerms(levers={"prompt_cache": "off"}))
    asked = body(2, system="Be kind.") if why == "short" else body(2)
    known = caller.having(parts={"policies": off.to_dict()}) if why == "off" else caller
    settings = quick_settings(lever_seconds=0.0 if why == "slow" else 5.0)
    with running_gateway(known, settings=settings) as gateway:
        for _ in range(3):
            ask(gateway, asked)
    raw = httpx.Request("POST", "http://x", json=asked).content
    assert [call.body for call in simulator.calls()] == [raw] * 3


def test_openai_is_told_which_calls_share_a_prefix(
    caller: Tenant, simulator: RunningSimulator
) -> None:
    other = tenant(2, simulator.url).having(data_key=new_data_key())
    asked = {"model": "gpt-4o", "messages": [{"role": "system", "content": SYSTEM}, *turns(1)]}
    own = asked | {"prompt_cache_key": "mine"}
    with running_gateway(caller.having(data_key=new_data_key()), other) as gateway:
        for key, each in ((gateway.key, asked), (gateway.key, own), (other.key, asked)):
            headers = {"authorization": f"Bearer {key}"}
            url = f"{gateway.url}/v1/chat/completions"
            httpx.post(url, json=each, headers=headers, timeout=30).raise_for_status()
    first, mine, theirs = [orjson.loads(call.body) for call in simulator.calls()]
    key = first.pop("prompt_cache_key")
    assert key.startswith("netra-")
    assert (first, mine) == (asked, own)
    assert theirs["prompt_cache_key"] not in (key, "mine")
