"""What a request says, whichever of the APIs it is of: its turns, its instructions, its items.

Sources: the types of openai-python 3.54 (types/chat, types/responses) and of anthropic-python.
"""

from collections.abc import Iterator, Mapping
from typing import Any

# What the gateway can send to another model: the whole question stands in the request.
ROUTABLE = frozenset({"chat.completions", "messages", "responses"})
_LEADING = frozenset({"system", "developer"})
_MESSAGE = (None, "message")
Request = Mapping[str, Any]


def turns_of(request: Request) -> list[dict[str, Any]]:
    """Messages in their order; of a response's input, that is a text or items, those alone."""
    return [item for item in _items(request) if item.get("type") in _MESSAGE]


def item_kinds(request: Request) -> set[str]:
    """Of all that a response's input holds beside messages, e.g. "function_call"."""
    return {str(item["type"]) for item in _items(request) if item.get("type") not in _MESSAGE}


def tool_kinds(request: Request) -> set[str]:
    """E.g. "function", and of Anthropic's own tools their dated names."""
    return {str(tool.get("type", "function")) for tool in _tables(request.get("tools"))}


def instructions_of(request: Request) -> Iterator[str]:
    """The texts of the system prompt, wherever the API has it."""
    yield from texts_of(request.get("system"))
    yield from texts_of(request.get("instructions"))
    for message in turns_of(request):
        if message.get("role") not in _LEADING:
            return
        yield from texts_of(message.get("content"))


def texts_of(content: object) -> Iterator[str]:
    """Of a text, or of blocks."""
    if isinstance(content, str):
        yield content
    for block in content if isinstance(content, list) else ():
        if isinstance(block, dict) and isinstance(block.get("text"), str):
            yield block["text"]


def _items(request: Request) -> list[dict[str, Any]]:
    said = request.get("messages") or request.get("input") or ()
    if isinstance(said, str):
        return [{"role": "user", "content": said}]
    return _tables(said)


def _tables(rows: object) -> list[dict[str, Any]]:
    return [row for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []
