"""What an answer says, whatever API it came from: its text and the tools that it calls."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

_FAULTS = (AttributeError, LookupError, TypeError, ValueError)
_TEXTS = frozenset({"text", "output_text", "refusal"})
_CALLS = frozenset({"tool_use", "function_call"})


class UnreadableAnswer(ValueError):
    """An answer of a shape that is not known here."""


@dataclass(frozen=True, slots=True)
class ToolCall:
    """arguments: as a value of JSON; the text as it came where it is none."""

    name: str
    arguments: Any


@dataclass(frozen=True, slots=True)
class Said:
    """One answer; several choices one after the other."""

    text: str
    calls: tuple[ToolCall, ...] = ()


def said(document: str) -> Said:
    """What an answer document (JSON) of any of the APIs says. Raises UnreadableAnswer."""
    try:
        parts = list(_parts(orjson.loads(document)))
    except _FAULTS as error:
        raise UnreadableAnswer(f"This is no answer: {error!r}.") from error
    if not parts:
        raise UnreadableAnswer("It says nothing.")
    text = "".join(part for part in parts if isinstance(part, str))
    return Said(text, tuple(part for part in parts if isinstance(part, ToolCall)))


def _parts(document: Mapping[str, Any]) -> Iterator[str | ToolCall]:
    if "choices" in document:  # OpenAI: chat completions, completions
        for choice in document["choices"]:
            yield from _of_message(choice.get("message") or {"content": choice.get("text")})
    elif "output" in document:  # OpenAI: responses
        for item in document["output"]:
            yield from _of_blocks([item] if item["type"] in _CALLS else item.get("content") or [])
    elif "candidates" in document:  # Gemini
        for candidate in document["candidates"]:
            yield from _of_gemini(candidate["content"].get("parts") or [])
    else:  # Anthropic; Cohere has the message within
        yield from _of_message(document.get("message") or document)


def _of_message(message: Mapping[str, Any]) -> Iterator[str | ToolCall]:
    content = message.get("content")
    if isinstance(content, str):
        yield content
    else:
        yield from _of_blocks(content or [])
    if message.get("refusal"):
        yield message["refusal"]
    for call in message.get("tool_calls") or ():
        yield _call(call["function"]["name"], call["function"].get("arguments"))


def _of_blocks(blocks: Sequence[Mapping[str, Any]]) -> Iterator[str | ToolCall]:
    for block in blocks:
        if block["type"] in _TEXTS:
            yield block.get("text") or block.get("refusal") or ""
        elif block["type"] in _CALLS:
            yield _call(block["name"], block.get("input", block.get("arguments")))


def _of_gemini(parts: Sequence[Mapping[str, Any]]) -> Iterator[str | ToolCall]:
    for part in parts:
        if "functionCall" in part:
            yield _call(part["functionCall"]["name"], part["functionCall"].get("args"))
        elif not part.get("thought"):
            yield part.get("text") or ""


def _call(name: str, arguments: Any) -> ToolCall:
    if not isinstance(arguments, str):
        return ToolCall(name, arguments or {})
    try:
        return ToolCall(name, orjson.loads(arguments or "{}"))
    except orjson.JSONDecodeError:
        return ToolCall(name, arguments)
