"""What a change saved is told low, and a request is changed where it was to be."""

import json
from typing import Any

import pytest

from apps.optimization.compression import (
    ResultCompressor,
    all_shortened,
    first_question,
    named_tools,
    saved_tokens,
    tool_results,
    with_texts,
)


@pytest.mark.parametrize(
    ("before", "after", "saved"),
    [
        ("abcd" * 10, "abcd" * 4, 0),  # one word either way, however many bytes
        ("a b c d " * 10, "a b c d ", 18),  # pieces fall by more than bytes in fours
        ("[1, 2]", "[1,2]", 0),
        ("", "abcdefgh", -2),
        ("\n" * 40 + "x", "x", 1),
        ("é" * 8, "", 1),
        ("", "", 0),
    ],
)
def test_the_lesser_of_two_counts_is_told(before: str, after: str, saved: int) -> None:
    assert saved_tokens(before, after) == saved


def request(*texts: str) -> dict[str, Any]:
    results = [{"role": "tool", "tool_call_id": str(n), "content": t} for n, t in enumerate(texts)]
    return {"messages": [{"role": "user", "content": [{"type": "text", "text": "Go"}]}, *results]}


LONG = json.dumps([{"a": n, "b": n} for n in range(50)], indent=2)


def test_other_texts_stand_in_a_copy_only() -> None:
    asked = request(LONG, "x")
    [first, second] = tool_results(asked)
    changed = with_texts(asked, {first.path: "short"})
    assert changed == request("short", "x")
    assert asked == request(LONG, "x")
    assert changed["messages"][2] is asked["messages"][2]
    assert second.text == "x"


def test_forms_are_those_that_were_asked_for() -> None:
    asked = request(LONG, LONG)
    kinds = [frozenset({kind}) for kind in ("json", "toon", "repeat", "tools")]
    found = [[form.kind for form in all_shortened(asked, kinds=each).values()] for each in kinds]
    assert found == [["json", "json"], ["toon", "toon"], ["repeat"], []]


def test_what_did_not_go_out_is_left_alone_later_and_old_texts_make_room() -> None:
    compressor = ResultCompressor(most_bytes=500)
    toon = frozenset({"toon"})
    lost = compressor.changes(request(LONG), conversation="a", kinds=toon)
    compressor.remember(lost, went_out=False)
    assert compressor.changes(request(LONG), conversation="a", kinds=toon).found == {}
    for conversation in ("b", "c"):
        sent = compressor.changes(request(LONG), conversation=conversation, kinds=toon)
        compressor.remember(sent, went_out=True)
    begun = request(LONG)
    begun["messages"].append({"role": "assistant", "content": "ok"})
    known = [compressor.changes(begun, conversation=each, kinds=toon).found for each in "bc"]
    assert [len(each) for each in known] == [0, 1]


def test_questions_and_tools_are_read_of_both_apis() -> None:
    call = {"type": "tool_use", "name": "search"}
    answered = {"role": "assistant", "content": [call], "tool_calls": [{"function": {"name": "f"}}]}
    asked = request("x") | {"tool_choice": {"type": "tool", "name": "must"}}
    asked["messages"].append(answered)
    assert first_question(asked) == "Go"
    assert set(named_tools(asked)) == {"must", "search", "f"}
    assert first_question({"messages": "broken"}) == ""
