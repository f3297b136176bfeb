"""A parsed request as it would be with other texts; what is not on their way is shared."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from apps.optimization.compression.tools import tool_name
from apps.optimization.prefix.blocks import Path

_CALLS = "tool_calls"


def with_texts(request: Mapping[str, Any], texts: Mapping[Path, str]) -> dict[str, Any]:
    """The request with these texts at these paths."""
    changed: Any = dict(request)
    for path, text in texts.items():
        changed = _with(changed, path, text)
    found: dict[str, Any] = changed
    return found


def _with(value: Any, path: Path, text: str) -> Any:
    if not path:
        return text
    step, *rest = path
    copy = value.copy()
    copy[step] = _with(value[step], tuple(rest), text)
    return copy


def first_question(request: Mapping[str, Any]) -> str:
    """The text of the first turn of the user, which every later call repeats."""
    for message in _messages(request):
        if message.get("role") == "user":
            content = message.get("content")
            blocks = content if isinstance(content, list) else [{"text": content}]
            texts = (block.get("text") for block in blocks if isinstance(block, dict))
            return " ".join(text for text in texts if isinstance(text, str))
    return ""


def named_tools(request: Mapping[str, Any]) -> Iterator[str]:
    """The tools that were called so far, and one that must be called now."""
    choice = request.get("tool_choice")
    if isinstance(choice, dict):
        yield tool_name(choice)
    for message in _messages(request):
        content = message.get("content")
        calls: Sequence[Any] = message.get(_CALLS) or ()
        for block in (*calls, *(content if isinstance(content, list) else ())):
            if isinstance(block, dict) and (block.get("type") == "tool_use" or block in calls):
                yield tool_name(block)


def is_begun(request: Mapping[str, Any]) -> bool:
    """Whether an answer was given already."""
    return any(message.get("role") == "assistant" for message in _messages(request))


def _messages(request: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    messages = request.get("messages")
    for message in messages if isinstance(messages, list) else ():
        if isinstance(message, dict):
            yield message
