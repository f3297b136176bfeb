"""Recorded conversations in the shape in which an official SDK sends them."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal, Self

Json = dict[str, Any]
Sdk = Literal["openai", "anthropic"]
# Of a request, what tells its answer beside its messages.
_TELLING = frozenset({"model", "system"})


@dataclass(frozen=True, slots=True)
class Said:
    """An answer: its text, and the calls of tools as (name, arguments as canonical JSON)."""

    text: str = ""
    calls: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Conversation:
    """One after another, what was asked and what was answered.

    name: unique in a run. request: everything of a call but its messages. messages: all, with the
    recorded answers of the assistant. right: the text of a right answer, where the task has one.
    tags: of the header Netra-Tags. others: what other models said, by model, to a single question.
    """

    name: str
    sdk: Sdk
    request: Json
    messages: tuple[Json, ...]
    right: str | None = None
    tags: str = ""
    others: tuple[tuple[str, str], ...] = ()

    @property
    def turns(self) -> list[int]:
        """Where the assistant speaks: each is one call, of all messages before it."""
        return [n for n, message in enumerate(self.messages) if message["role"] == "assistant"]

    def body(self, turn: int) -> Json:
        """The call whose recorded answer is the message number `turn`."""
        return {**self.request, "messages": list(self.messages[:turn])}

    def recorded(self, turn: int) -> Said:
        """What was answered."""
        return said_in(self.messages[turn])

    def recordings(self) -> list[Json]:
        """What the simulator is to know of it, the answers of other models among it."""
        said = {name: value for name, value in self.request.items() if name in _TELLING}
        own = {**said, "messages": list(self.messages)}
        return [own, *(self._said_by(model, text) for model, text in self.others)]

    def shortened(self, calls: int) -> Self:
        """Its first calls."""
        return replace(self, messages=self.messages[: self.turns[calls - 1] + 1])

    def _said_by(self, model: str, text: str) -> Json:
        answer = {"role": "assistant", "content": text}
        return {"model": model, "messages": [*self.messages[:-1], answer]}


def said_in(message: Mapping[str, Any]) -> Said:
    """An assistant's message of either SDK."""
    content = message.get("content")
    if isinstance(content, list):
        return _said_in_blocks(content)
    calls = [each["function"] for each in message.get("tool_calls") or ()]
    return Said(content or "", tuple((each["name"], _sorted(each["arguments"])) for each in calls))


def _said_in_blocks(blocks: Sequence[Any]) -> Said:
    used = [each for each in blocks if each["type"] == "tool_use"]
    return Said(
        "".join(each["text"] for each in blocks if each["type"] == "text"),
        tuple((each["name"], canonical(each["input"])) for each in used),
    )


def _sorted(arguments: str) -> str:
    try:
        return canonical(json.loads(arguments))
    except json.JSONDecodeError:
        return arguments


def canonical(value: Any) -> str:
    """JSON with sorted names and no spaces."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"))
