"""What models can, and what requests need of them."""

from datetime import UTC, datetime
from typing import Any

import pytest

from apps.optimization.routing import KNOWN, Needs, lacking, needs_of
from tests.gateways import price_book

PROVIDERS = ("openai", "anthropic")
CHAT, MESSAGES, RESPONSES = "chat.completions", "messages", "responses"
TOOL = {"type": "function", "name": "search"}
FOUND = {"type": "function_call_output", "call_id": "c", "output": "Nothing."}


@pytest.mark.parametrize("model", KNOWN)
def test_every_known_model_is_in_the_catalogue_with_its_context_and_its_price(model: str) -> None:
    found = [(p, each) for p in PROVIDERS if (each := price_book().model(p, model))]
    [(provider, listed)] = found
    assert listed.id == model
    assert listed.context_window
    assert price_book().rate(provider, model, "standard", "", datetime(2026, 11, 1, tzinfo=UTC))


def needs(endpoint: str = CHAT, **request: Any) -> Needs:
    said = {} if endpoint == RESPONSES else {"messages": [{"role": "user", "content": "Hi"}]}
    asked = said | request
    return needs_of(asked, endpoint=endpoint, text_bytes=30, images=0, most_output=90)


def turn(role: str, *blocks: dict[str, Any]) -> dict[str, Any]:
    return {"role": role, "content": list(blocks)}


@pytest.mark.parametrize(
    ("request_", "endpoint", "expected"),
    [
        ({}, CHAT, {}),
        ({"tools": [{}]}, CHAT, {"tools": True}),
        ({"functions": [{}]}, CHAT, {"tools": True}),
        ({"messages": [turn("user", {"type": "tool_result"})]}, MESSAGES, {"tools": True}),
        ({"response_format": {"type": "json_schema"}}, CHAT, {"json_schema": True}),
        ({"response_format": {"type": "json_object"}}, CHAT, {}),
        ({"output_config": {}}, MESSAGES, {"json_schema": True}),
        ({"max_tokens": 9}, CHAT, {"sampling": True}),
        ({"max_tokens": 9}, MESSAGES, {}),
        ({"temperature": 0}, MESSAGES, {"sampling": True}),
        ({"reasoning_effort": "low"}, CHAT, {"reasoning": True}),
        ({"thinking": {"type": "adaptive"}}, MESSAGES, {"reasoning": True}),
        ({"messages": [turn("assistant", {"type": "text"})]}, MESSAGES, {"prefill": True}),
        ({"messages": [turn("user", {"type": "document"})]}, MESSAGES, {"other": True}),
        ({"messages": [turn("user", {"type": "image_url"})]}, CHAT, {}),
        ({"messages": "broken"}, CHAT, {}),
        ({"messages": None}, CHAT, {}),
        ({"input": "Hi"}, RESPONSES, {}),
        ({"input": [turn("user", {"type": "input_text"})]}, RESPONSES, {}),
        ({"input": [turn("user", {"type": "input_file"})]}, RESPONSES, {"other": True}),
        ({"input": [turn("assistant", {"type": "output_text"})]}, RESPONSES, {"prefill": True}),
        ({"input": "Hi", "tools": [TOOL]}, RESPONSES, {"tools": True}),
        ({"input": [turn("user"), FOUND]}, RESPONSES, {"tools": True}),
        ({"input": "Hi", "reasoning": {"effort": "low"}}, RESPONSES, {"reasoning": True}),
        ({"input": "Hi", "text": {"verbosity": "low"}}, RESPONSES, {"reasoning": True}),
        ({"text": {"format": {"type": "json_schema"}}}, RESPONSES, {"json_schema": True}),
        ({"input": [{"type": "reasoning"}]}, RESPONSES, {"other": True}),
        ({"input": "Hi", "previous_response_id": "resp_1"}, RESPONSES, {"other": True}),
        (
            {"input": "Hi", "tools": [{"type": "web_search"}]},
            RESPONSES,
            {"tools": True, "other": True},
        ),
    ],
)
def test_a_request_tells_what_it_needs(
    request_: dict[str, Any], endpoint: str, expected: dict[str, bool]
) -> None:
    assert needs(endpoint, **request_) == Needs(context_tokens=100, **expected)


def test_text_pictures_and_the_longest_answer_fill_the_context() -> None:
    found = needs_of({}, endpoint=CHAT, text_bytes=10, images=2, most_output=None)
    assert (found.context_tokens, found.vision) == (4 + 3_200 + 4_096, True)


def test_what_no_model_is_known_to_take_none_is_given() -> None:
    able = KNOWN["gpt-4o"].abilities(128_000)
    assert lacking(Needs(other=True), able) == "other"
    assert lacking(Needs(tools=True, vision=True, json_schema=True, sampling=True), able) is None
    assert lacking(Needs(reasoning=True), able) == "reasoning"
    assert lacking(Needs(sampling=True), KNOWN["gpt-5-nano"].abilities(400_000)) == "sampling"
