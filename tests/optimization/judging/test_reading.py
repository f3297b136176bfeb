"""What an answer says is read alike from every API."""

from typing import Any

import orjson
import pytest

from apps.optimization.judging.reading import Said, ToolCall, UnreadableAnswer, said

CALL = ToolCall("find", {"city": "Ulm"})
BOTH = [
    {
        "choices": [
            {
                "message": {
                    "content": "Hello",
                    "tool_calls": [{"function": {"name": "find", "arguments": '{"city":"Ulm"}'}}],
                }
            }
        ]
    },
    {
        "content": [
            {"type": "thinking", "thinking": "hm"},
            {"type": "text", "text": "Hello"},
            {"type": "tool_use", "name": "find", "input": {"city": "Ulm"}},
        ]
    },
    {
        "output": [
            {"type": "reasoning", "summary": []},
            {"type": "message", "content": [{"type": "output_text", "text": "Hello"}]},
            {"type": "function_call", "name": "find", "arguments": '{"city": "Ulm"}'},
        ]
    },
    {
        "candidates": [
            {
                "content": {
                    "parts": [
                        {"text": "hm", "thought": True},
                        {"text": "Hello"},
                        {"functionCall": {"name": "find", "args": {"city": "Ulm"}}},
                    ]
                }
            }
        ]
    },
]


@pytest.mark.parametrize("document", BOTH)
def test_text_and_calls_of_tools_are_read(document: dict[str, Any]) -> None:
    assert said(orjson.dumps(document).decode()) == Said("Hello", (CALL,))


def test_a_refusal_and_a_message_within_are_texts() -> None:
    refused = {"choices": [{"message": {"content": None, "refusal": "No."}}]}
    within = {"message": {"content": [{"type": "text", "text": "Hello"}]}}
    assert said(orjson.dumps(refused).decode()) == Said("No.")
    assert said(orjson.dumps(within).decode()) == Said("Hello")


def test_arguments_that_are_no_json_stay_as_they_came() -> None:
    call = {"function": {"name": "find", "arguments": "{city"}}
    document = {"choices": [{"message": {"content": None, "tool_calls": [call]}}]}
    assert said(orjson.dumps(document).decode()) == Said("", (ToolCall("find", "{city"),))


@pytest.mark.parametrize("document", ["", "null", "[]", "{}", '{"choices": [1]}', '{"output": {}}'])
def test_what_is_no_answer_is_refused(document: str) -> None:
    with pytest.raises(UnreadableAnswer):
        said(document)
