"""Recorded answers are given to the SDKs, charged like any others, and counted for each key."""

from collections.abc import Iterator
from typing import Any

import anthropic
import httpx
import openai
import pytest

from sim.tokens import count
from tests.simulator import RunningSimulator

Json = dict[str, Any]
ASKED = {"role": "user", "content": "Is my seat booked?"}
CALL = {"type": "function", "id": "c1", "function": {"name": "seat", "arguments": '{"row": 7}'}}
LOOKS = {"role": "assistant", "content": "Let me see.", "tool_calls": [CALL]}
FOUND = {"role": "tool", "tool_call_id": "c1", "content": '{"seat": "7A", "is_booked": true}'}
SAYS = {"role": "assistant", "content": "Yes, 7A is yours."}
TALK = {"model": "gpt-4o", "messages": [ASKED, LOOKS, FOUND, SAYS]}
USE = {"type": "tool_use", "id": "c1", "name": "seat", "input": {"row": 7}}
CLAUDES = {
    "model": "claude-haiku-4-5",
    "system": "Be brief.",
    "messages": [
        ASKED,
        {"role": "assistant", "content": [{"type": "text", "text": "Let me see."}, USE]},
    ],
}


@pytest.fixture
def load(simulator: RunningSimulator) -> Iterator[Any]:
    def loaded(*conversations: Json) -> int:
        body = {"conversations": conversations}
        answer = simulator.client.post("/_sim/recordings", json=body).raise_for_status()
        count: int = answer.json()["answers"]
        return count

    yield loaded
    simulator.client.delete("/_sim/recordings").raise_for_status()


def chat(client: openai.OpenAI, messages: list[Any], **more: Any) -> Any:
    return client.chat.completions.create(model="gpt-4o", messages=messages, **more)


def test_a_recorded_conversation_is_answered_turn_by_turn(
    load: Any, openai_client: openai.OpenAI
) -> None:
    assert load(TALK) == 2
    first = chat(openai_client, [ASKED])
    message = first.choices[0].message
    assert (message.content, first.choices[0].finish_reason) == ("Let me see.", "tool_calls")
    assert message.tool_calls[0].function.name == "seat"
    assert message.tool_calls[0].function.arguments == '{"row":7}'
    assert first.usage.completion_tokens == sum(map(count, ("Let me see.", "seat", '{"row":7}')))
    again = chat(openai_client, [ASKED, LOOKS, FOUND])
    assert again.choices[0].message.content == "Yes, 7A is yours."


def test_shortened_results_and_tools_change_no_recorded_answer(
    load: Any, openai_client: openai.OpenAI
) -> None:
    load(TALK)
    shorter = FOUND | {"content": '{"seat":"7A"}'}
    tool = {"type": "function", "function": {"name": "seat", "parameters": {"type": "object"}}}
    said = chat(openai_client, [ASKED, LOOKS, shorter], tools=[tool])
    assert said.choices[0].message.content == "Yes, 7A is yours."


def test_other_words_and_other_models_are_answered_as_ever(
    load: Any, openai_client: openai.OpenAI
) -> None:
    before = chat(openai_client, [ASKED]).choices[0].message.content
    load(TALK | {"model": "gpt-4o-mini"})
    assert chat(openai_client, [ASKED]).choices[0].message.content == before


def test_a_stream_of_a_recorded_answer_joins_to_it(load: Any, openai_client: openai.OpenAI) -> None:
    load(TALK)
    chunks = list(chat(openai_client, [ASKED], stream=True))
    deltas = [chunk.choices[0].delta for chunk in chunks if chunk.choices]
    assert "".join(delta.content or "" for delta in deltas) == "Let me see."
    calls = [call for delta in deltas for call in delta.tool_calls or ()]
    assert "".join(call.function.arguments for call in calls) == '{"row":7}'


def test_claude_says_what_was_recorded_with_marks_or_without(
    load: Any, anthropic_client: anthropic.Anthropic
) -> None:
    load(CLAUDES)
    mark = {"type": "text", "text": "Be brief.", "cache_control": {"type": "ephemeral"}}
    systems: list[Any] = ["Be brief.", [mark]]
    asked: list[Any] = [ASKED]
    for system in systems:
        message = anthropic_client.messages.create(
            model="claude-haiku-4-5", max_tokens=9, system=system, messages=asked
        )
        text, use = message.content
        assert (text.text, use.name, use.input) == ("Let me see.", "seat", {"row": 7})  # type: ignore[union-attr]
        assert message.stop_reason == "tool_use"


def test_what_each_key_was_charged_for_is_summed_by_model(
    simulator: RunningSimulator, load: Any
) -> None:
    load(TALK)
    url = f"{simulator.url}/v1"
    with openai.OpenAI(base_url=url, api_key="sk-metered", max_retries=0) as client:
        usages = [chat(client, [ASKED]).usage for _ in range(2)]
    with openai.OpenAI(base_url=url, api_key="sk-other", max_retries=0) as client:
        chat(client, [ASKED])
    found = simulator.client.get("/_sim/meter", params={"api_key": "sk-metered"}).json()["models"]
    assert found["gpt-4o-2024-08-06"]["calls"] == 2
    assert found["gpt-4o-2024-08-06"]["prompt_tokens"] == sum(u.prompt_tokens for u in usages)
    assert found["gpt-4o-2024-08-06"]["prompt_tokens_details.cached_tokens"] == 0
    assert simulator.client.get("/_sim/meter").json() == {"models": {}}


@pytest.mark.parametrize("body", [b"{", b"[]", b'{"conversations": [{"messages": 1}]}'])
def test_what_is_no_recording_is_refused(simulator: RunningSimulator, body: bytes) -> None:
    answer: httpx.Response = simulator.client.post("/_sim/recordings", content=body)
    assert answer.status_code == 400
    assert "sim:" in answer.json()["error"]
