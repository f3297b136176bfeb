"""The same said in each API."""

from typing import Any

import pytest

from apps.optimization.routing import instructions_of, turns_of
from apps.optimization.routing.asked import item_kinds, tool_kinds

CALL = {"type": "function_call", "name": "search", "arguments": "{}", "call_id": "c"}
TURNS = [{"role": "user", "content": "Why?"}, {"role": "assistant", "content": "The moon."}]
REQUESTS: list[dict[str, Any]] = [
    {"messages": [{"role": "system", "content": "Be terse."}, *TURNS]},
    {"system": "Be terse.", "messages": TURNS},
    {"system": [{"type": "text", "text": "Be terse."}], "messages": TURNS},
    {"instructions": "Be terse.", "input": TURNS},
    {"input": [{"type": "message", "role": "developer", "content": "Be terse."}, *TURNS, CALL]},
]


@pytest.mark.parametrize("request_", REQUESTS)
def test_instructions_and_turns_are_found_wherever_they_stand(request_: dict[str, Any]) -> None:
    assert list(instructions_of(request_)) == ["Be terse."]
    assert [turn for turn in turns_of(request_) if turn["role"] in {"user", "assistant"}] == TURNS


def test_a_text_alone_is_a_turn_and_items_are_none() -> None:
    assert turns_of({"input": "Why?"}) == [{"role": "user", "content": "Why?"}]
    assert turns_of({"input": [CALL]}) == []
    assert item_kinds(REQUESTS[-1]) == {"function_call"}


def test_tools_are_functions_unless_they_say_otherwise() -> None:
    assert tool_kinds({"tools": [{"name": "search"}, {"type": "web_search"}, "broken"]}) == {
        "function",
        "web_search",
    }


@pytest.mark.parametrize("broken", [{}, {"messages": 5}, {"input": {"role": "user"}}, {"tools": 1}])
def test_what_is_no_request_says_nothing(broken: dict[str, Any]) -> None:
    assert (turns_of(broken), list(instructions_of(broken)), tool_kinds(broken)) == ([], [], set())
