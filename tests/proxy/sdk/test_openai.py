"""The official openai SDK at the gateway: every answer is the provider's own, byte for byte."""

from collections.abc import Iterator
from typing import Any

import openai
import pytest
from pydantic import BaseModel

from tests.gateways import RunningGateway
from tests.proxy.sdk.twins import Twins
from tests.simulator import RunningSimulator

PIXEL = "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR4nGNg"
SENT = ("x-ratelimit-remaining-tokens",)
HELLO: list[Any] = [{"role": "user", "content": "hello, wörld"}]
TOOLS: list[Any] = [
    {
        "type": "function",
        "function": {
            "name": name,
            "parameters": {
                "type": "object",
                "properties": {"city": {"type": "string"}, "days": {"type": "integer"}},
                "required": ["city", "days"],
            },
        },
    }
    for name in ("weather", "tides")
]


class Verdict(BaseModel):
    title: str
    score: int


@pytest.fixture(scope="module")
def twins(gateway: RunningGateway, simulator: RunningSimulator) -> Iterator[Twins[openai.OpenAI]]:
    made = Twins(
        lambda url, key, http: openai.OpenAI(base_url=f"{url}/v1", api_key=key, http_client=http),
        direct=(simulator.url, "sim-key-1"),
        ours=(gateway.url, gateway.key),
        client=openai.DefaultHttpxClient,
    )
    yield made
    made.close()


Pair = Twins[openai.OpenAI]


def test_chat(twins: Pair) -> None:
    answer = twins.both(
        lambda c: c.chat.completions.create(model="gpt-4o-mini", messages=HELLO, n=2)
    )
    assert [choice.finish_reason for choice in answer.choices] == ["stop", "stop"]


def test_chat_streams_with_the_usage_that_was_asked_for(twins: Pair) -> None:
    chunks = twins.both(
        lambda c: list(
            c.chat.completions.create(
                model="gpt-4o-mini",
                messages=HELLO,
                stream=True,
                stream_options={"include_usage": True},
            )
        )
    )
    assert chunks[-1].usage


@pytest.mark.parametrize("options", [{}, {"stream_options": {"include_usage": False}}])
def test_chat_streams_without_a_trace_of_the_usage_that_only_we_asked_for(
    twins: Pair, options: dict[str, Any]
) -> None:
    chunks = twins.both(
        lambda c: list(
            c.chat.completions.create(
                model="gpt-4o-mini", messages=HELLO, stream=True, extra_body=options
            )
        ),
        apart_from=SENT,
    )
    assert all(chunk.usage is None for chunk in chunks)


def test_tools_stream_their_arguments_in_parallel(twins: Pair) -> None:
    def ask(client: openai.OpenAI) -> Any:
        with client.chat.completions.stream(
            model="gpt-4o-mini",
            messages=HELLO,
            tools=TOOLS,
            stream_options={"include_usage": True},
        ) as stream:
            kinds = [event.type for event in stream]
            return kinds, stream.get_final_completion().model_dump()

    kinds, completion = twins.both(ask)
    calls = completion["choices"][0]["message"]["tool_calls"]
    assert [call["function"]["name"] for call in calls] == ["weather", "tides"]
    assert kinds.count("tool_calls.function.arguments.delta") > 2


def test_tools_answer_whole_and_take_results(twins: Pair) -> None:
    def ask(client: openai.OpenAI) -> Any:
        first = client.chat.completions.create(model="gpt-4o", messages=HELLO, tools=TOOLS)
        message = first.choices[0].message
        results: list[Any] = [
            {"role": "tool", "tool_call_id": call.id, "content": "12 °C"}
            for call in message.tool_calls or ()
        ]
        return client.chat.completions.create(
            model="gpt-4o",
            messages=[*HELLO, message.model_dump(exclude_none=True), *results],  # type: ignore[list-item]
            tools=TOOLS,
        )

    assert twins.both(ask).choices[0].message.content


def test_structured_output_is_parsed(twins: Pair) -> None:
    answer = twins.both(
        lambda c: c.chat.completions.parse(
            model="gpt-4o-mini", messages=HELLO, response_format=Verdict
        )
    )
    assert isinstance(answer.choices[0].message.parsed, Verdict)


def test_vision(twins: Pair) -> None:
    messages: list[Any] = [
        {
            "role": "user",
            "content": [
                {"type": "text", "text": "What is it?"},
                {"type": "image_url", "image_url": {"url": PIXEL, "detail": "low"}},
            ],
        }
    ]
    assert twins.both(lambda c: c.chat.completions.create(model="gpt-4o", messages=messages)).usage


def test_reasoning(twins: Pair) -> None:
    answer = twins.both(
        lambda c: c.chat.completions.create(
            model="gpt-5", messages=HELLO, reasoning_effort="high", max_completion_tokens=200
        )
    )
    assert answer.usage
    assert answer.usage.completion_tokens_details
    assert answer.usage.completion_tokens_details.reasoning_tokens


@pytest.mark.parametrize("is_stream", [False, True])
def test_completions(twins: Pair, is_stream: bool) -> None:
    def ask(client: openai.OpenAI) -> Any:
        answer: Any = client.completions.create(
            model="gpt-3.5-turbo-instruct", prompt="Once", stream=is_stream, max_tokens=9
        )
        return list(answer) if is_stream else answer

    twins.both(ask, apart_from=SENT)


def test_responses(twins: Pair) -> None:
    answer = twins.both(
        lambda c: c.responses.create(model="gpt-4o", input="hello", instructions="Be short.")
    )
    assert answer.output_text


def test_responses_stream_every_event(twins: Pair) -> None:
    def ask(client: openai.OpenAI) -> Any:
        return list(client.responses.create(model="gpt-5", input="hello", stream=True))

    kinds = [event.type for event in twins.both(ask)]
    assert (kinds[0], kinds[-1]) == ("response.created", "response.completed")


def test_responses_call_functions_and_go_on(twins: Pair) -> None:
    tools: list[Any] = [{"type": "function"} | tool["function"] for tool in TOOLS]

    def ask(client: openai.OpenAI) -> Any:
        with client.responses.stream(model="gpt-4o", input="hello", tools=tools) as stream:
            kinds = [event.type for event in stream]
            first = stream.get_final_response()
        results: list[Any] = [
            {"type": "function_call_output", "call_id": item.call_id, "output": "low"}
            for item in first.output
            if item.type == "function_call"
        ]
        second = client.responses.create(
            model="gpt-4o", input=results, previous_response_id=first.id, tools=tools
        )
        return kinds, second

    kinds, second = twins.both(ask)
    assert "response.function_call_arguments.delta" in kinds
    assert second.output_text


def test_responses_are_kept_read_and_deleted(twins: Pair) -> None:
    def ask(client: openai.OpenAI) -> Any:
        made = client.responses.create(model="gpt-4o", input="keep me")
        found = client.responses.retrieve(made.id)
        items = list(client.responses.input_items.list(made.id))
        client.responses.delete(made.id)
        return found, items

    twins.both(ask)


def test_embeddings_as_numbers_and_as_base64(twins: Pair) -> None:
    for form in ("float", "base64"):
        answer = twins.both(
            lambda c, form=form: c.embeddings.create(  # type: ignore[misc]
                model="text-embedding-3-small", input=["a", "b"], encoding_format=form
            )
        )
        assert len(answer.data) == 2


def test_models_and_moderation(twins: Pair) -> None:
    assert [model.id for model in twins.both(lambda c: c.models.list().data)]
    twins.both(lambda c: c.models.retrieve("gpt-4o"))
    twins.both(lambda c: c.moderations.create(model="omni-moderation-latest", input="hello"))


def test_images(twins: Pair) -> None:
    answer = twins.both(lambda c: c.images.generate(model="gpt-image-1", prompt="a cat"))
    assert answer.data


def test_speech_and_transcription(twins: Pair) -> None:
    def ask(client: openai.OpenAI) -> Any:
        sound = client.audio.speech.create(
            model="gpt-4o-mini-tts", voice="alloy", input="hello"
        ).read()
        file = ("hello.mp3", sound, "audio/mpeg")
        return sound, client.audio.transcriptions.create(model="whisper-1", file=file)

    sound, _ = twins.both(ask)
    assert sound


def test_speech_streams(twins: Pair) -> None:
    def ask(client: openai.OpenAI) -> bytes:
        with client.audio.speech.with_streaming_response.create(
            model="gpt-4o-mini-tts", voice="alloy", input="hello"
        ) as answer:
            return b"".join(answer.iter_bytes())

    assert twins.both(ask)
