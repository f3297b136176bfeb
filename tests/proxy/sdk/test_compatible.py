"""Whoever speaks OpenAI's API: found by a route, by the model's prefix, by header or by path."""

from typing import Any
from uuid import UUID

import anthropic
import httpx
import pytest

from apps.tenants.access import Route, Target
from tests.gateways import RunningGateway
from tests.proxy.sdk.conftest import Anthropics, OpenAIs
from tests.simulator import RunningSimulator

HELLO: list[Any] = [{"role": "user", "content": "hi"}]
# Provider, the root of its API, and whether usage must be asked for in streams.
PROVIDERS = [
    ("groq", "/openai/v1", False),
    ("mistral", "/v1", False),
    ("together", "/v1", True),
    ("deepseek", "/v1", True),
    ("openrouter", "/api/v1", False),
    ("vllm", "/v1", True),
    ("ollama", "/v1", True),
]
MODEL = "meta-llama/llama-3.3-70b"
providers = pytest.mark.parametrize(
    ("provider", "root", "asks"), PROVIDERS, ids=[name for name, _, _ in PROVIDERS]
)


@pytest.fixture(autouse=True)
def fresh(gateway: RunningGateway, simulator: RunningSimulator) -> None:
    simulator.forget_calls()
    gateway.forget_events()


def went(
    gateway: RunningGateway, simulator: RunningSimulator, provider: str, path: str
) -> dict[str, Any]:
    """The body of the one call, which went to `path` of `provider`."""
    [call] = simulator.finished_calls(count=1)
    [event] = gateway.events()
    assert (call.path, event.provider) == (path, provider)
    assert call.headers["authorization"] == "Bearer sim-key-1"
    assert not [name for name in call.headers if name.startswith("netra-")]
    body: dict[str, Any] = call.json
    return body


@providers
def test_by_the_prefix_of_the_model(
    gateway: RunningGateway,
    to_openai: OpenAIs,
    simulator: RunningSimulator,
    provider: str,
    root: str,
    asks: bool,
) -> None:
    stream = to_openai().chat.completions.create(
        model=f"{provider}/{MODEL}", messages=HELLO, stream=True
    )
    assert all(chunk.choices for chunk in stream)
    body = went(gateway, simulator, provider, f"{root}/chat/completions")
    assert body["model"] == MODEL
    assert ("stream_options" in body) == asks


@providers
def test_by_the_header(
    gateway: RunningGateway,
    to_openai: OpenAIs,
    simulator: RunningSimulator,
    provider: str,
    root: str,
    asks: bool,
) -> None:
    client = to_openai(default_headers={"Netra-Provider": provider})
    client.chat.completions.create(model=MODEL, messages=HELLO)
    assert went(gateway, simulator, provider, f"{root}/chat/completions")["model"] == MODEL


@providers
@pytest.mark.parametrize("is_whole", [False, True], ids=["/v1", "its own root"])
def test_by_the_path(
    gateway: RunningGateway,
    to_openai: OpenAIs,
    simulator: RunningSimulator,
    provider: str,
    root: str,
    asks: bool,
    is_whole: bool,
) -> None:
    base_url = f"{gateway.url}/p/{provider}{root if is_whole else '/v1'}"
    client = to_openai(base_url=base_url)
    client.chat.completions.create(model=MODEL, messages=HELLO)
    assert went(gateway, simulator, provider, f"{root}/chat/completions")["model"] == MODEL


@providers
def test_by_a_route(
    gateway: RunningGateway,
    to_openai: OpenAIs,
    simulator: RunningSimulator,
    provider: str,
    root: str,
    asks: bool,
) -> None:
    target = Target(provider=provider, model=MODEL)
    route = Route(UUID(int=9), None, "our-*", "priority", (target,), 2, 1000, 2000, 2000, 9000)
    [tenant, *others] = gateway.tenants
    gateway.tenants = [tenant.having(routes=(route,)), *others]
    try:
        to_openai().chat.completions.create(model="our-model", messages=HELLO)
    finally:
        gateway.tenants = [tenant, *others]
    assert went(gateway, simulator, provider, f"{root}/chat/completions")["model"] == MODEL


@pytest.mark.parametrize(
    ("provider", "path"),
    [
        ("deepseek", "/anthropic/v1/messages"),
        ("openrouter", "/api/v1/messages"),
        ("vllm", "/v1/messages"),
        ("ollama", "/v1/messages"),
    ],
)
def test_anthropics_api_at_others(
    gateway: RunningGateway,
    to_anthropic: Anthropics,
    simulator: RunningSimulator,
    provider: str,
    path: str,
) -> None:
    client = to_anthropic(default_headers={"Netra-Provider": provider}, max_retries=0)
    try:
        client.messages.create(model="claude-haiku-4-5", max_tokens=9, messages=HELLO)
    except anthropic.NotFoundError:  # the simulator has it at /v1 only
        assert path != "/v1/messages"
    [call] = simulator.finished_calls(count=1)
    assert call.path == path


@providers
def test_what_a_provider_alone_has_is_reached_behind_its_name(
    gateway: RunningGateway, simulator: RunningSimulator, provider: str, root: str, asks: bool
) -> None:
    url = f"{gateway.url}/p/{provider}{root}/made-up/x?y=%20z"
    answer = httpx.put(url, content=b"\x00\xff", headers={"authorization": f"Bearer {gateway.key}"})
    [call] = simulator.finished_calls(count=1)
    assert (call.method, call.path, call.query) == ("PUT", f"{root}/made-up/x", "y=%20z")
    assert (call.body, call.status) == (b"\x00\xff", answer.status_code)
    [event] = gateway.events()
    assert (event.endpoint, event.provider) == ("passthrough", provider)
