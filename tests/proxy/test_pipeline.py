"""One call through all stages: answered as by the provider, recorded once."""

import socket
import time
from decimal import Decimal
from urllib.parse import urlsplit

import anthropic
import httpx
import openai
import pytest

from tests.gateways import RunningGateway
from tests.simulator import RunningSimulator

ASKED = {"model": "gpt-4o-mini", "messages": [{"role": "user", "content": "hello"}]}
OURS = {
    "netra-request-id", "netra-overhead-ms", "netra-served-model", "netra-cost-usd",
    "content-security-policy", "x-content-type-options", "x-accel-buffering",
}  # fmt: skip
FRAMING = {"content-length", "transfer-encoding", "date", "server"}


def bearer(key: str) -> dict[str, str]:
    return {"authorization": f"Bearer {key}", "x-sim-cache": "off"}


@pytest.mark.parametrize("is_stream", [False, True])
def test_an_answer_is_the_providers_own_byte_for_byte(
    gateway: RunningGateway, simulator: RunningSimulator, is_stream: bool
) -> None:
    body = ASKED | {"stream": is_stream, "stream_options": {"include_usage": True}}
    path = "/v1/chat/completions"
    direct = httpx.post(simulator.url + path, json=body, headers=bearer("sim-key"))
    ours = httpx.post(gateway.url + path, json=body, headers=bearer(gateway.key))
    assert (ours.status_code, ours.content) == (direct.status_code, direct.content)
    kept = {name: value for name, value in ours.headers.items() if name not in OURS | FRAMING}
    assert kept == {name: value for name, value in direct.headers.items() if name not in FRAMING}


def test_a_call_is_recorded_with_its_tokens_and_price(gateway: RunningGateway) -> None:
    client = openai.OpenAI(base_url=f"{gateway.url}/v1", api_key=gateway.key)
    raw = client.chat.completions.with_raw_response.create(
        model="gpt-4o-mini", messages=[{"role": "user", "content": "hello"}], user="u-1"
    )
    usage = raw.parse().usage
    [event] = gateway.events()
    assert usage
    assert (event.buckets.input_total, event.buckets.output_total) == (
        usage.prompt_tokens,
        usage.completion_tokens,
    )
    expected = (
        usage.prompt_tokens * Decimal("0.15") + usage.completion_tokens * Decimal("0.6")
    ).scaleb(-6)
    assert event.actual_usd == expected
    assert Decimal(raw.headers["netra-cost-usd"]) == expected
    assert str(event.event_id) == raw.headers["netra-request-id"]
    assert (event.outcome, event.status, event.endpoint) == ("success", 200, "chat.completions")
    assert (event.provider, event.requested_model) == ("openai", "gpt-4o-mini")
    assert (event.tier, event.region) == ("standard", "")
    assert (event.end_user, event.organization_id) == (
        "u-1",
        gateway.tenants[0].organization.id,
    )
    assert [attempt.status for attempt in event.attempts] == [200]


def test_the_usage_chunk_is_asked_for_and_taken_out(
    gateway: RunningGateway, simulator: RunningSimulator
) -> None:
    simulator.forget_calls()
    client = openai.OpenAI(base_url=f"{gateway.url}/v1", api_key=gateway.key)
    stream = client.chat.completions.create(
        model="gpt-4o-mini", messages=[{"role": "user", "content": "hello"}], stream=True
    )
    assert all(chunk.choices and chunk.usage is None for chunk in stream)
    [call] = simulator.finished_calls(count=1)
    assert call.json["stream_options"] == {"include_usage": True}
    [event] = gateway.events()
    assert (event.is_stream, event.is_priced, event.is_estimated) == (True, True, False)
    assert event.buckets.output > 0


def test_anthropics_client_is_served_and_recorded(gateway: RunningGateway) -> None:
    client = anthropic.Anthropic(base_url=gateway.url, api_key=gateway.key)
    message = client.messages.create(
        model="claude-haiku-4-5", max_tokens=20, messages=[{"role": "user", "content": "hi"}]
    )
    [event] = gateway.events()
    assert event.buckets.input_total == message.usage.input_tokens
    assert event.buckets.output_total == message.usage.output_tokens
    assert (event.endpoint, event.provider, event.is_priced) == ("messages", "anthropic", True)


def test_our_key_never_goes_upstream(gateway: RunningGateway, simulator: RunningSimulator) -> None:
    simulator.forget_calls()
    httpx.post(
        f"{gateway.url}/v1/chat/completions",
        json=ASKED,
        headers=bearer(gateway.key) | {"x-api-key": gateway.key, "netra-tags": "team=a"},
        params={"key": gateway.key},
    )
    [call] = simulator.finished_calls(count=1)
    sent = f"{call.query}{call.headers}{call.body!r}"
    assert gateway.key not in sent
    assert "netra-tags" not in call.headers
    assert call.headers["authorization"] == "Bearer sim-key-1"


def test_each_tenant_uses_its_own_credential_and_has_its_own_record(
    gateway: RunningGateway, simulator: RunningSimulator
) -> None:
    simulator.forget_calls()
    for each in gateway.tenants:
        client = openai.OpenAI(base_url=f"{gateway.url}/v1", api_key=each.key)
        client.chat.completions.create(
            model="gpt-4o-mini", messages=[{"role": "user", "content": "canary"}]
        )
    calls = simulator.finished_calls(count=2)
    assert [call.api_key for call in calls] == ["sim-key-1", "sim-key-2"]
    events = gateway.events(2)
    assert [event.organization_id for event in events] == [
        each.organization.id for each in gateway.tenants
    ]


def test_who_leaves_in_the_middle_of_a_request_is_no_fault_of_ours(gateway: RunningGateway) -> None:
    start = "POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\n"
    head = f"{start}authorization: Bearer {gateway.key}\r\n"
    at = urlsplit(gateway.url)
    with socket.create_connection((at.hostname, at.port)) as caller:
        caller.sendall(f"{head}content-length: 100\r\n\r\nhalf".encode())
        time.sleep(0.1)  # else the gateway may see the end before the call
    [event] = gateway.events()
    assert (event.outcome, event.error_code, event.actual_usd) == ("cancelled", None, Decimal(0))
    assert event.attempts == ()
