"""Recorded answers: what a model said at each point of conversations that are given to us.

Found by model and by what was said before, in OpenAI's shape or Anthropic's. Left out of it is
what a gateway may shorten without changing who said what: declared tools, and results of tools.
"""

import hashlib
from collections import OrderedDict
from collections.abc import Iterator
from typing import Any

import orjson

from sim.answers import Answer, ToolCall
from sim.errors import bad_request

Json = dict[str, Any]
MOST_ANSWERS = 200_000
_RESULT = b"result"


class Recordings:
    """Answers by a hash of the conversation before them, bounded, the oldest forgotten."""

    def __init__(self) -> None:
        self._answers: OrderedDict[bytes, Answer] = OrderedDict()

    def add(self, conversation: Json) -> int:
        """Keep what the assistant says in {"model", "messages", "system" if any}; how often.

        The first answer to the same words stays. Raises WireError (400).
        """
        count = 0
        hashed = _begun(conversation)
        for message in _messages(conversation):
            if message.get("role") == "assistant":
                self._answers.setdefault(hashed.digest(), _answer(message))
                count += 1
            hashed.update(_spoken(message))
        while len(self._answers) > MOST_ANSWERS:
            self._answers.popitem(last=False)
        return count

    def find(self, body: Json) -> Answer | None:
        """What was said to this request, None where nothing is recorded."""
        if not self._answers:
            return None
        hashed = _begun(body)
        for message in _messages(body):
            hashed.update(_spoken(message))
        return self._answers.get(hashed.digest())

    def clear(self) -> None:
        """Forget all of them."""
        self._answers.clear()


def _begun(body: Json) -> "hashlib._Hash":
    hashed = hashlib.sha256(str(body.get("model")).encode())
    if body.get("system"):
        hashed.update(_line("system", _texts(body["system"]), []))
    return hashed


def _messages(body: Json) -> list[Json]:
    found = body.get("messages")
    if not isinstance(found, list) or not all(isinstance(each, dict) for each in found):
        raise bad_request("sim: a conversation has a list of messages.", param="messages")
    return found


def _spoken(message: Json) -> bytes:
    """Who said what, and which tools with which arguments."""
    content = message.get("content")
    is_result = isinstance(content, list) and any(
        isinstance(part, dict) and part.get("type") == "tool_result" for part in content
    )
    if is_result or message.get("role") == "tool":
        return _RESULT
    calls = [[call.name, call.arguments] for call in _calls(message)]
    return _line(str(message.get("role")), _texts(content), calls)


def _line(role: str, text: str, calls: list[Any]) -> bytes:
    return orjson.dumps([role, text, calls], option=orjson.OPT_SORT_KEYS)


def _texts(content: Any) -> str:
    if not isinstance(content, list):
        return content if isinstance(content, str) else ""
    return "".join(str(part.get("text", "")) for part in content if isinstance(part, dict))


def _answer(message: Json) -> Answer:
    calls = list(_calls(message))
    return Answer(_texts(message.get("content")), calls, end="tools" if calls else "stop")


def _calls(message: Json) -> Iterator[ToolCall]:
    """The calls of tools in either shape. Raises WireError (400)."""
    for number, call in enumerate(message.get("tool_calls") or ()):
        function = call["function"]
        try:
            arguments = orjson.loads(function["arguments"] or "{}")
        except orjson.JSONDecodeError as error:
            raise bad_request(f"sim: arguments are no JSON: {error}") from error
        yield ToolCall(number, function["name"], arguments)
    content = message.get("content")
    blocks = content if isinstance(content, list) else []
    used = [each for each in blocks if isinstance(each, dict) and each.get("type") == "tool_use"]
    for number, block in enumerate(used):
        yield ToolCall(number, block["name"], block["input"])
