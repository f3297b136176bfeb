"""What a call asks last, in plain words, and the call around it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

# Longer texts are no questions that somebody else would put in other words.
LONGEST = 4_000
_TURNS = {"chat.completions": "messages", "messages": "messages", "responses": "input"}
_TEXTS = frozenset({"text", "input_text"})
_INSTRUCTING = frozenset({"system", "developer"})


@dataclass(frozen=True, slots=True)
class Question:
    """text: of the last turn, which is a user's and nothing but text, in Latin letters without
    accents. around: the call without it. frame: the call without any turn but instructions.
    is_single: there are no other turns.
    """

    text: str
    around: Mapping[str, Any]
    frame: Mapping[str, Any]
    is_single: bool


def question_of(endpoint: str, document: Mapping[str, Any]) -> Question | None:
    """None for what ends in anything but a short text of a user."""
    name = _TURNS.get(endpoint)
    turns = document.get(name) if name else None
    if isinstance(turns, str):
        turns = [{"role": "user", "content": turns}]
    if name is None or not isinstance(turns, list) or not turns:
        return None
    text, emptied = _parted(turns[-1])
    if text is None or not 0 < len(text) <= LONGEST or not _is_plain(text):
        return None
    before = turns[:-1]
    rules = [each for each in before if _is_instructing(each)]
    return Question(
        text=text,
        around={**document, name: [*before, emptied]},
        frame={**document, name: [*rules, emptied]},
        is_single=len(rules) == len(before),
    )


def _parted(turn: Any) -> tuple[str | None, dict[str, Any]]:
    """The text of a user's turn, and the turn without it."""
    if not isinstance(turn, dict) or turn.get("role") != "user":
        return None, {}
    content = turn.get("content")
    if isinstance(content, str):
        return content, {**turn, "content": None}
    if not isinstance(content, list) or len(content) != 1 or not isinstance(content[0], dict):
        return None, {}
    [part] = content
    text = part.get("text") if part.get("type") in _TEXTS else None
    return text if isinstance(text, str) else None, {**turn, "content": [{**part, "text": None}]}


def _is_instructing(turn: Any) -> bool:
    return isinstance(turn, dict) and turn.get("role") in _INSTRUCTING


def _is_plain(text: str) -> bool:
    """What near keys and vetoes can judge: they know the words of English only."""
    return text.isascii() or all(each.isascii() or not each.isalpha() for each in text)
