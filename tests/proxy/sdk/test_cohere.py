"""The official cohere SDK at the gateway: every answer is the provider's own, byte for byte."""

from collections.abc import Iterator
from typing import Any

import cohere
import httpx
import pytest

from tests.gateways import RunningGateway
from tests.proxy.sdk.twins import Twins
from tests.simulator import RunningSimulator

MODEL = "command-a-03-2025"
HELLO: list[Any] = [{"role": "user", "content": "hello, wörld"}]
PARAMETERS = {
    "type": "object",
    "properties": {"city": {"type": "string"}, "days": {"type": "integer"}},
    "required": ["city", "days"],
}
TOOLS: list[Any] = [
    {"type": "function", "function": {"name": name, "parameters": PARAMETERS}}
    for name in ("weather", "tides")
]
Pair = Twins[cohere.ClientV2]


@pytest.fixture(scope="module")
def twins(gateway: RunningGateway, simulator: RunningSimulator) -> Iterator[Pair]:
    made = Twins(
        lambda url, key, http: cohere.ClientV2(api_key=key, base_url=url, httpx_client=http),
        direct=(simulator.url, "sim-key-1"),
        ours=(gateway.url, gateway.key),
    )
    yield made
    made.close()


def test_chat(twins: Pair) -> None:
    answer = twins.both(lambda c: c.chat(model=MODEL, messages=HELLO))
    assert answer.message.content


def test_chat_streams_every_event(twins: Pair) -> None:
    kinds = [
        event.type
        for event in twins.both(lambda c: list(c.chat_stream(model=MODEL, messages=HELLO)))
    ]
    assert (kinds[0], kinds[-1]) == ("message-start", "message-end")


@pytest.mark.parametrize("is_stream", [False, True])
def test_tools(twins: Pair, is_stream: bool) -> None:
    def ask(client: cohere.ClientV2) -> Any:
        if is_stream:
            return list(client.chat_stream(model=MODEL, messages=HELLO, tools=TOOLS))
        return client.chat(model=MODEL, messages=HELLO, tools=TOOLS)

    said = str(twins.both(ask))
    assert "weather" in said
    assert "tides" in said


def test_structured_output(twins: Pair) -> None:
    form: Any = {"type": "json_object", "json_schema": PARAMETERS}
    assert twins.both(lambda c: c.chat(model=MODEL, messages=HELLO, response_format=form)).id


def test_embed(twins: Pair) -> None:
    answer = twins.both(
        lambda c: c.embed(
            model="embed-v4.0",
            texts=["a", "b"],
            input_type="search_document",
            embedding_types=["float", "int8"],
        )
    )
    assert len(answer.embeddings.float_ or ()) == 2


def test_rerank_is_recorded_by_search_units(twins: Pair, gateway: RunningGateway) -> None:
    gateway.forget_events()
    answer = twins.both(
        lambda c: c.rerank(model="rerank-v3.5", query="cat", documents=["a cat", "a dog"], top_n=1)
    )
    assert len(answer.results) == 1
    event = gateway.events()[-1]
    assert (event.endpoint, event.units) == ("rerank", {"search_units": 1})


def test_models(twins: Pair) -> None:
    assert twins.both(lambda c: c.models.list()).models


def test_an_unknown_model_is_the_providers_error(twins: Pair) -> None:
    error = twins.fail_both(
        lambda c: c.chat(model="no-such-model", messages=HELLO), cohere.NotFoundError
    )
    assert isinstance(error, cohere.NotFoundError)
    assert error.status_code == 404


def test_a_wrong_key_is_an_unauthorized_error(gateway: RunningGateway) -> None:
    with httpx.Client() as http:
        client = cohere.ClientV2(api_key="wrong", base_url=gateway.url, httpx_client=http)
        with pytest.raises(cohere.UnauthorizedError, match="Netra API key") as raised:
            client.chat(model=MODEL, messages=HELLO)
    assert raised.value.status_code == 401
