"""Cohere's SDK parses chat, streams, embeddings and ranks."""

import json

import cohere
import pytest
from cohere.core.api_error import ApiError

from sim.tokens import count
from tests.simulator import RunningSimulator

MODEL = "command-a-03-2025"
HELLO: list[cohere.ChatMessageV2] = [cohere.UserChatMessageV2(content="Say hello.")]
WEATHER = cohere.ToolV2(
    function=cohere.ToolV2Function(
        name="weather",
        parameters={
            "type": "object",
            "properties": {"city": {"type": "string"}},
            "required": ["city"],
        },
    )
)


def text_of(answer: cohere.V2ChatResponse) -> str:
    [item] = answer.message.content or []
    assert item.type == "text"
    return item.text


def test_a_chat_counts_its_tokens(cohere_client: cohere.ClientV2) -> None:
    answer = cohere_client.chat(model=MODEL, messages=HELLO)
    assert answer.finish_reason == "COMPLETE"
    assert answer.usage
    assert answer.usage.tokens
    assert answer.usage.tokens.input_tokens == count("<user>") + count("Say hello.")
    assert answer.usage.tokens.output_tokens == count(text_of(answer))


def test_a_stream_joins_to_the_plain_chat(cohere_client: cohere.ClientV2) -> None:
    plain = cohere_client.chat(model=MODEL, messages=HELLO)
    events = list(cohere_client.chat_stream(model=MODEL, messages=HELLO))
    said = ""
    for event in events:
        if event.type == "content-delta":
            assert event.delta
            assert event.delta.message
            assert event.delta.message.content
            said += event.delta.message.content.text or ""
    last = events[-1]
    assert said == text_of(plain)
    assert (events[0].type, last.type) == ("message-start", "message-end")
    assert last.type == "message-end"
    assert last.delta
    assert last.delta.usage == plain.usage


def test_tools_are_called_with_fitting_arguments(cohere_client: cohere.ClientV2) -> None:
    answer = cohere_client.chat(model=MODEL, messages=HELLO, tools=[WEATHER])
    fragments = [
        event.delta.message.tool_calls.function.arguments
        for event in cohere_client.chat_stream(model=MODEL, messages=HELLO, tools=[WEATHER])
        if event.type == "tool-call-delta"
        and event.delta
        and event.delta.message
        and event.delta.message.tool_calls
        and event.delta.message.tool_calls.function
    ]
    [call] = answer.message.tool_calls or []
    assert call.function
    assert answer.finish_reason == "TOOL_CALL"
    assert answer.message.tool_plan
    assert json.loads(call.function.arguments or "").keys() == {"city"}
    assert "".join(f or "" for f in fragments) == call.function.arguments


def test_embeddings_come_in_every_number_format(cohere_client: cohere.ClientV2) -> None:
    answer = cohere_client.embed(
        model="embed-v4.0",
        input_type="search_document",
        texts=["one two", "three"],
        output_dimension=256,
        embedding_types=["float", "int8", "ubinary"],
    )
    assert [len(v) for v in answer.embeddings.float_ or []] == [256, 256]
    assert [len(v) for v in answer.embeddings.int8 or []] == [256, 256]
    assert [len(v) for v in answer.embeddings.ubinary or []] == [32, 32]
    assert answer.meta
    assert answer.meta.billed_units
    assert answer.meta.billed_units.input_tokens == count("one two") + count("three")


def test_shared_words_rank_first(cohere_client: cohere.ClientV2) -> None:
    answer = cohere_client.rerank(
        model="rerank-v3.5",
        query="capital of france",
        documents=["cheese", "paris is the capital of france", "the capital"],
        top_n=2,
    )
    assert [result.index for result in answer.results] == [1, 2]


@pytest.mark.parametrize(
    ("key", "model", "status"),
    [("invalid", MODEL, 401), ("cohere-one", "gpt-4o", 404), ("sim-fault.429", MODEL, 429)],
)
def test_errors_have_coheres_shape(
    simulator: RunningSimulator, key: str, model: str, status: int
) -> None:
    with (
        cohere.ClientV2(base_url=simulator.url, api_key=key) as client,
        pytest.raises(ApiError) as raised,
    ):
        client.chat(model=model, messages=HELLO, request_options={"max_retries": 0})
    assert raised.value.status_code == status
    assert raised.value.body.keys() == {"id", "message"}


def test_models_are_listed_in_coheres_form(cohere_client: cohere.ClientV2) -> None:
    assert MODEL in [model.name for model in cohere_client.models.list().models]
