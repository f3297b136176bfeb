"""OpenAI's SDK parses chat completions, and what it parses is what the token rule says."""

import json
from typing import Any

import openai
import pytest
from openai.types.chat import ChatCompletionMessageParam, ChatCompletionToolParam
from pydantic import BaseModel

from sim.tokens import count
from tests.simulator import RunningSimulator

HELLO: list[ChatCompletionMessageParam] = [{"role": "user", "content": "Say hello."}]
PIXEL = "data:image/png;base64,iVBORw0KGgo="


def tool(name: str) -> ChatCompletionToolParam:
    schema: dict[str, object] = {
        "type": "object",
        "properties": {"city": {"type": "string"}, "days": {"type": "integer", "minimum": 1}},
        "required": ["city", "days"],
    }
    return {"type": "function", "function": {"name": name, "parameters": schema}}


TOOLS = [tool("weather"), tool("hotels")]


def test_an_answer_is_text_with_a_usage_that_adds_up(openai_client: openai.OpenAI) -> None:
    answer = openai_client.chat.completions.create(model="gpt-4o", messages=HELLO)
    said, usage = answer.choices[0].message.content, answer.usage
    assert said
    assert usage
    assert (answer.model, answer.object) == ("gpt-4o-2024-08-06", "chat.completion")
    assert answer.choices[0].finish_reason == "stop"
    assert usage.completion_tokens == count(said)
    assert usage.prompt_tokens == count("<user>") + count("Say hello.")
    assert usage.total_tokens == usage.prompt_tokens + usage.completion_tokens


def test_a_stream_joins_to_the_plain_answer(openai_client: openai.OpenAI) -> None:
    create = openai_client.chat.completions.create
    plain = create(model="gpt-4o", messages=HELLO)
    chunks = list(
        create(model="gpt-4o", messages=HELLO, stream=True, stream_options={"include_usage": True})
    )
    said = "".join(c.choices[0].delta.content or "" for c in chunks if c.choices)
    assert said == plain.choices[0].message.content
    assert {chunk.id for chunk in chunks} == {plain.id}
    assert chunks[-1].choices == []
    assert chunks[-1].usage == plain.usage
    assert [chunk.usage for chunk in chunks[:-1]] == [None] * (len(chunks) - 1)


def test_a_stream_says_no_usage_unless_asked(openai_client: openai.OpenAI) -> None:
    chunks = list(
        openai_client.chat.completions.create(model="gpt-4o", messages=HELLO, stream=True)
    )
    assert all(chunk.choices and "usage" not in chunk.model_fields_set for chunk in chunks)


def test_tools_are_called_in_parallel_with_arguments_that_fit(
    openai_client: openai.OpenAI,
) -> None:
    answer = openai_client.chat.completions.create(model="gpt-4o", messages=HELLO, tools=TOOLS)
    calls = answer.choices[0].message.tool_calls or []
    functions = [call.function for call in calls if call.type == "function"]
    assert answer.choices[0].finish_reason == "tool_calls"
    assert [function.name for function in functions] == ["weather", "hotels"]
    for function in functions:
        arguments = json.loads(function.arguments)
        assert arguments.keys() == {"city", "days"}
        assert arguments["days"] >= 1


def test_streamed_fragments_join_to_the_same_calls(openai_client: openai.OpenAI) -> None:
    plain = openai_client.chat.completions.create(model="gpt-4o", messages=HELLO, tools=TOOLS)
    with openai_client.chat.completions.stream(
        model="gpt-4o", messages=HELLO, tools=TOOLS
    ) as stream:
        whole = stream.get_final_completion()
    streamed = [
        (call.id, call.function.name, call.function.arguments)
        for call in whole.choices[0].message.tool_calls or []
    ]
    assert streamed == [
        (call.id, call.function.name, call.function.arguments)
        for call in plain.choices[0].message.tool_calls or []
        if call.type == "function"
    ]


@pytest.mark.parametrize(
    ("options", "names"),
    [
        ({"tool_choice": "none"}, []),
        ({"tool_choice": "required", "parallel_tool_calls": False}, ["weather"]),
        ({"tool_choice": {"type": "function", "function": {"name": "hotels"}}}, ["hotels"]),
    ],
)
def test_the_choice_of_tools_is_the_callers(
    openai_client: openai.OpenAI, options: dict[str, Any], names: list[str]
) -> None:
    answer = openai_client.chat.completions.create(
        model="gpt-4o",
        messages=HELLO,
        tools=TOOLS,
        **options,
    )
    calls = answer.choices[0].message.tool_calls or []
    assert [call.function.name for call in calls if call.type == "function"] == names


class Trip(BaseModel):
    city: str
    days: int
    tags: list[str]


def test_a_structured_answer_fits_its_schema(openai_client: openai.OpenAI) -> None:
    answer = openai_client.chat.completions.parse(
        model="gpt-4o", messages=HELLO, response_format=Trip
    )
    assert isinstance(answer.choices[0].message.parsed, Trip)


def test_limits_and_stops_end_an_answer(openai_client: openai.OpenAI) -> None:
    create = openai_client.chat.completions.create
    short = create(model="gpt-4o", messages=HELLO, max_completion_tokens=3)
    stopped = create(model="gpt-4o", messages=HELLO, stop=["."])
    assert short.usage
    assert (short.choices[0].finish_reason, short.usage.completion_tokens) == ("length", 3)
    assert "." not in (stopped.choices[0].message.content or ".")
    assert stopped.choices[0].finish_reason == "stop"


def test_choices_differ_and_images_cost_their_fixed_tokens(openai_client: openai.OpenAI) -> None:
    answer = openai_client.chat.completions.create(
        model="gpt-4o",
        n=3,
        messages=[
            {
                "role": "user",
                "content": [
                    {"type": "text", "text": "What is this?"},
                    {"type": "image_url", "image_url": {"url": PIXEL}},
                ],
            }
        ],
    )
    assert answer.usage
    assert len({choice.message.content for choice in answer.choices}) == 3
    assert answer.usage.prompt_tokens == count("<user>") + count("What is this?") + 765


def test_reasoning_is_part_of_the_completion(openai_client: openai.OpenAI) -> None:
    answer = openai_client.chat.completions.create(model="o3", messages=HELLO)
    assert answer.usage
    assert answer.usage.completion_tokens_details
    reasoning = answer.usage.completion_tokens_details.reasoning_tokens or 0
    assert reasoning > 0
    assert answer.usage.completion_tokens == reasoning + count(
        answer.choices[0].message.content or ""
    )


def test_a_long_prompt_is_cached_for_its_own_key_only(simulator: RunningSimulator) -> None:
    long: list[ChatCompletionMessageParam] = [{"role": "user", "content": "abcd" * 1500}]
    seen = []
    for key in ("sk-cache-a", "sk-cache-a", "sk-cache-b"):
        client = openai.OpenAI(base_url=f"{simulator.url}/v1", api_key=key)
        usage = client.chat.completions.create(model="gpt-6-sol", messages=long).usage
        assert usage
        assert usage.prompt_tokens_details
        details = usage.prompt_tokens_details
        seen.append((details.cached_tokens, details.cache_write_tokens))
        client.close()
    assert seen == [(0, 1408), (1408, 0), (0, 1408)]


@pytest.mark.parametrize(
    ("key", "model", "messages", "error"),
    [
        ("invalid", "gpt-4o", HELLO, openai.AuthenticationError),
        ("sk-one", "unknown-model", HELLO, openai.NotFoundError),
        ("sk-one", "claude-sonnet-4-5", HELLO, openai.NotFoundError),
        ("sk-one", "gpt-4o", [], openai.BadRequestError),
        ("sk-one", "gpt-4o", [{"role": "nobody", "content": "x"}], openai.BadRequestError),
    ],
)
def test_errors_are_the_sdks_own(
    simulator: RunningSimulator,
    key: str,
    model: str,
    messages: list[ChatCompletionMessageParam],
    error: type[openai.APIStatusError],
) -> None:
    with (
        openai.OpenAI(base_url=f"{simulator.url}/v1", api_key=key, max_retries=0) as client,
        pytest.raises(error) as raised,
    ):
        client.chat.completions.create(model=model, messages=messages)
    assert raised.value.request_id
    assert raised.value.type == "invalid_request_error"


def test_azure_names_the_model_in_its_path(simulator: RunningSimulator) -> None:
    with openai.AzureOpenAI(
        azure_endpoint=simulator.url, api_key="azure-one", api_version="2025-04-01-preview"
    ) as client:
        answer = client.chat.completions.create(model="gpt-4o", messages=HELLO)
    [call] = simulator.calls("azure-one")
    assert answer.choices[0].message.content
    assert (call.dialect, call.path) == ("azure", "/openai/deployments/gpt-4o/chat/completions")
    assert call.query == "api-version=2025-04-01-preview"
