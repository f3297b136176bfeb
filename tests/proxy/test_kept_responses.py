"""Responses and embeddings that were paid for once are given again, as their SDK expects them."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import openai
import pytest

from apps.tenants.vault import new_data_key
from tests.gateways import RunningGateway, running_gateway, tenant
from tests.simulator import RunningSimulator

TOOL = {"type": "function", "name": "look_up", "parameters": {"type": "object"}, "strict": False}


@pytest.fixture
def gateway(simulator: RunningSimulator) -> Iterator[RunningGateway]:
    simulator.forget_calls()
    with running_gateway(tenant(1, simulator.url).having(data_key=new_data_key())) as running:
        yield running


@pytest.fixture
def client(gateway: RunningGateway) -> Iterator[openai.OpenAI]:
    with openai.OpenAI(base_url=f"{gateway.url}/v1", api_key=gateway.key) as opened:
        yield opened


def asked(**changes: Any) -> dict[str, Any]:
    said = {"model": "gpt-4o-mini", "input": "Explain tides.", "temperature": 0, "store": False}
    return said | changes


def given(client: openai.OpenAI, *, is_stream: bool, **more: Any) -> Any:
    """The response, as the SDK puts it together."""
    if not is_stream:
        return client.responses.create(**asked(**more))
    with client.responses.stream(**asked(**more)) as stream:
        events = list(stream)
        final = stream.get_final_response()
    kinds = [each.type for each in events]
    assert (kinds[0], kinds[-1]) == ("response.created", "response.completed")
    assert [each.sequence_number for each in events] == list(range(len(events)))
    return final


@pytest.mark.parametrize("first_is_stream", [True, False])
@pytest.mark.parametrize("more", [{}, {"tools": [TOOL]}, {"model": "o3"}])
def test_a_response_is_given_in_the_form_that_is_asked_for(
    gateway: RunningGateway, client: openai.OpenAI, more: dict[str, Any], *, first_is_stream: bool
) -> None:
    first = given(client, is_stream=first_is_stream, **more)
    second = given(client, is_stream=not first_is_stream, **more)
    for name in ("id", "status", "output_text", "usage", "model"):
        assert getattr(first, name) == getattr(second, name)
    plain = [[each.to_dict() for each in one.output] for one in (first, second)]
    for items in plain:
        for item in items:
            item.pop("parsed_arguments", None)
            for part in item.get("content") or ():
                part.pop("parsed", None)
    assert plain[0] == plain[1]
    assert second.usage.total_tokens > 0
    [paid, served] = gateway.events(2)
    assert [each.decisions[0].decision for each in (paid, served)] == ["none", "act"]
    assert (served.actual_usd, served.counterfactual_usd) == (Decimal(0), paid.actual_usd)


@pytest.mark.parametrize(
    "changes",
    [
        {"store": True},
        {"store": None},
        {"tools": [{"type": "web_search"}]},
        {"max_output_tokens": 16},
    ],
)
def test_what_is_stored_looked_up_or_cut_is_not_given_again(
    gateway: RunningGateway, client: openai.OpenAI, changes: dict[str, Any]
) -> None:
    for _ in range(2):
        client.responses.create(**asked(**changes))
    decided = [each.decision for event in gateway.events(2) for each in event.decisions]
    assert "act" not in decided


@pytest.mark.parametrize("encoding", ["float", "base64"])
def test_an_embedding_is_paid_for_once(
    gateway: RunningGateway, client: openai.OpenAI, simulator: RunningSimulator, encoding: Any
) -> None:
    texts = ["What are tides?", "Why is the sea salty?"]
    found = [
        client.embeddings.create(
            model="text-embedding-3-small", input=texts, encoding_format=encoding
        )
        for _ in range(2)
    ]
    assert found[0] == found[1]
    assert (len(simulator.calls()), found[1].usage.total_tokens > 0) == (1, True)
    [paid, served] = gateway.events(2)
    assert (served.actual_usd, served.counterfactual_usd) == (Decimal(0), paid.actual_usd)
    assert served.decomposition == {"exact_cache": paid.actual_usd}


def test_other_texts_or_sizes_are_other_embeddings(
    gateway: RunningGateway, client: openai.OpenAI, simulator: RunningSimulator
) -> None:
    for changes in (
        {},
        {"dimensions": 256},
        {"input": "Why?"},
        {"model": "text-embedding-3-large"},
    ):
        said: dict[str, Any] = {"model": "text-embedding-3-small", "input": "What?"} | changes
        client.embeddings.create(**said)
    assert len(simulator.calls()) == 4
