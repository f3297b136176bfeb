"""Azure OpenAI: deployments in the path, the key in `api-key`, the version in the query."""

from collections.abc import Iterator
from typing import Any

import openai
import pytest

from tests.gateways import RunningGateway
from tests.proxy.sdk.conftest import OpenAIs
from tests.proxy.sdk.twins import Twins
from tests.simulator import RunningSimulator

VERSION = "2024-10-21"
HELLO: list[Any] = [{"role": "user", "content": "hi"}]
SENT = ("x-ratelimit-remaining-tokens",)
Pair = Twins[openai.AzureOpenAI]


@pytest.fixture(scope="module")
def twins(gateway: RunningGateway, simulator: RunningSimulator) -> Iterator[Pair]:
    made = Twins(
        lambda url, key, http: openai.AzureOpenAI(
            azure_endpoint=url, api_version=VERSION, api_key=key, http_client=http
        ),
        direct=(simulator.url, "sim-key-1"),
        ours=(gateway.url, gateway.key),
        client=openai.DefaultHttpxClient,
    )
    yield made
    made.close()


@pytest.mark.parametrize("is_stream", [False, True])
def test_chat(
    twins: Pair, gateway: RunningGateway, simulator: RunningSimulator, is_stream: bool
) -> None:
    def ask(client: openai.AzureOpenAI) -> Any:
        create: Any = client.chat.completions.create
        answer = create(model="gpt-4o-mini", messages=HELLO, stream=is_stream)
        return list(answer) if is_stream else answer

    gateway.forget_events()
    simulator.forget_calls()
    twins.both(ask, apart_from=SENT)
    direct, ours = simulator.finished_calls(count=2)
    assert (ours.path, ours.query) == (direct.path, direct.query)
    assert ours.path == "/openai/deployments/gpt-4o-mini/chat/completions"
    assert (ours.headers["api-key"], "authorization" in ours.headers) == ("sim-key-1", False)
    [event] = gateway.events()
    assert (event.provider, event.requested_model) == ("azure_openai", "gpt-4o-mini")
    assert event.endpoint == "chat.completions"
    assert event.buckets.output_total > 0


def test_embeddings_and_responses(twins: Pair) -> None:
    twins.both(lambda c: c.embeddings.create(model="text-embedding-3-small", input="a"))


def test_an_error_is_azures_own(twins: Pair) -> None:
    twins.fail_both(
        lambda c: c.chat.completions.create(model="no-such", messages=HELLO), openai.NotFoundError
    )


def test_a_name_with_an_escaped_slash_stays_one(twins: Pair, simulator: RunningSimulator) -> None:
    simulator.forget_calls()
    twins.fail_both(
        lambda c: c.post("/deployments/a%2Fb/chat/completions", body={}, cast_to=str),
        openai.APIStatusError,
    )
    direct, ours = simulator.finished_calls(count=2)
    assert ours.path == direct.path


def test_a_wrong_key(gateway: RunningGateway) -> None:
    wrong = openai.AzureOpenAI(azure_endpoint=gateway.url, api_version=VERSION, api_key="wrong")
    with wrong as client, pytest.raises(openai.AuthenticationError):
        client.chat.completions.create(model="gpt-4o-mini", messages=HELLO)


def test_the_version_1_api_has_no_version_in_it(
    gateway: RunningGateway, to_openai: OpenAIs, simulator: RunningSimulator
) -> None:
    simulator.forget_calls()
    client = to_openai(base_url=f"{gateway.url}/openai/v1")
    assert client.responses.create(model="gpt-4o", input="hi").output_text
    [call] = simulator.finished_calls(count=1)
    assert (call.path, call.query, call.headers["api-key"]) == (
        "/openai/v1/responses",
        "",
        "sim-key-1",
    )
