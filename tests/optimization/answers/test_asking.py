"""What a call asks last is told from what was said before; what is no plain question is none."""

from typing import Any

import pytest

from apps.optimization.answers.asking import LONGEST, question_of

RULES = {"role": "system", "content": "Be brief."}
ASKED = {"role": "user", "content": "Why?"}
BEFORE = [{"role": "user", "content": "A?"}, {"role": "assistant", "content": "B."}]


def chat(*messages: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"model": "m", "messages": list(messages)} | more


def user(content: Any, **more: Any) -> dict[str, Any]:
    return {"role": "user", "content": content} | more


@pytest.mark.parametrize(
    ("endpoint", "document", "is_single"),
    [
        ("chat.completions", chat(RULES, ASKED), True),
        ("chat.completions", chat(user([{"type": "text", "text": "Why?"}])), True),
        ("chat.completions", chat(RULES, *BEFORE, ASKED), False),
        ("messages", chat(ASKED, system="Be brief."), True),
        ("messages", chat(*BEFORE, ASKED), False),
        ("responses", {"model": "m", "input": "Why?"}, True),
        ("responses", {"input": [RULES, user([{"type": "input_text", "text": "Why?"}])]}, True),
        ("responses", {"input": [*BEFORE, ASKED]}, False),
    ],
)
def test_the_last_text_is_found(endpoint: str, document: dict[str, Any], is_single: bool) -> None:
    found = question_of(endpoint, document)
    assert found
    assert (found.text, found.is_single) == ("Why?", is_single)
    assert "Why?" not in repr((found.around, found.frame))


@pytest.mark.parametrize(
    ("endpoint", "document"),
    [
        ("embeddings", {"input": "Why?"}),
        ("chat.completions", {}),
        ("chat.completions", chat()),
        ("chat.completions", {"messages": "Why?", "model": 1, "x": None} | {"messages": 7}),
        ("chat.completions", chat(RULES)),
        ("chat.completions", chat(ASKED, {"role": "tool", "content": "7"})),
        ("chat.completions", chat(user(None))),
        ("chat.completions", chat(user(""))),
        ("chat.completions", chat(user("x" * (LONGEST + 1)))),
        ("chat.completions", chat(user("Où est la gare ?"))),
        ("chat.completions", chat(user([{"type": "image_url", "image_url": {}}]))),
        ("chat.completions", chat(user([{"type": "text", "text": "a"}, {"type": "image_url"}]))),
        ("messages", chat(user([{"type": "tool_result", "content": "7"}]))),
    ],
)
def test_what_is_no_plain_question_is_none(endpoint: str, document: dict[str, Any]) -> None:
    assert question_of(endpoint, document) is None


def test_all_that_was_said_before_counts_and_only_instructions_frame_it() -> None:
    one = question_of("chat.completions", chat(RULES, *BEFORE, ASKED, seed=1))
    two = question_of("chat.completions", chat(RULES, BEFORE[0], ASKED, seed=1))
    assert one
    assert two
    assert (one.frame == two.frame, one.around == two.around) == (True, False)
    other = question_of("chat.completions", chat(RULES, ASKED, seed=2))
    assert other
    assert other.frame != one.frame


def test_who_asks_in_a_message_counts() -> None:
    frames = [
        question_of("chat.completions", chat(user("Why?", name=each))) for each in ("ann", "bob")
    ]
    assert frames[0]
    assert frames[1]
    assert frames[0].frame != frames[1].frame
