"""Tools' results in a request, which of them have not been sent before, and what becomes of them.

A gateway sees the whole conversation with every call. What went out as it was stays as it is, and
what went out shorter is made shorter again in the same way: the provider's prefix stays the same.
"""

from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any

from apps.optimization.compression.forms import Form, shorter_form
from apps.optimization.prefix.blocks import Path

REPEATED = "Same as the result above of call {call}."
_ASSISTANT = "assistant"


@dataclass(frozen=True, slots=True)
class ToolResult:
    """A plain text at `path`; `call` is the id that it answers; `is_new`: no answer follows it."""

    path: Path
    call: str
    text: str
    is_new: bool


def tool_results(request: Mapping[str, Any]) -> list[ToolResult]:
    """Of an Anthropic or OpenAI chat request, in order; a shape that is neither has none."""
    messages = request.get("messages")
    if not isinstance(messages, list):
        return []
    known = [m if isinstance(m, dict) else {} for m in messages]
    answers = [n for n, message in enumerate(known) if message.get("role") == _ASSISTANT]
    last = answers[-1] if answers else -1
    return [
        ToolResult(("messages", n, *path), call, text, n > last)
        for n, message in enumerate(known)
        for path, call, text in _of_message(message)
    ]


def _of_message(message: Mapping[str, Any]) -> Iterator[tuple[Path, str, str]]:
    content = message.get("content")
    if message.get("role") == "tool" and isinstance(content, str):
        yield ("content",), str(message.get("tool_call_id")), content
    for n, block in enumerate(content) if isinstance(content, list) else ():
        if isinstance(block, dict) and block.get("type") == "tool_result":
            inside, call = block.get("content"), str(block.get("tool_use_id"))
            if isinstance(inside, str):
                yield ("content", n, "content"), call, inside


class ResultCompressor:
    """Remembers, for at most `capacity` results of all conversations, what went out for each."""

    def __init__(
        self,
        *,
        capacity: int = 100_000,
        form: Callable[[str], Form | None] = shorter_form,
        least_repeat: int = 200,
    ) -> None:
        self._capacity, self._form, self._least_repeat = capacity, form, least_repeat
        self._sent: OrderedDict[bytes, str | None] = OrderedDict()

    def plan(
        self, request: Mapping[str, Any], *, conversation: str, is_on: bool = True
    ) -> dict[Path, str]:
        """The texts to send instead, by path. `conversation` names organization, project and it.

        Call it for each call that goes out, with `is_on` False where nothing may change: then what
        is new is remembered as sent as it is. A result whose fate was forgotten is left alone.
        """
        found: dict[Path, str] = {}
        results = tool_results(request)
        for n, result in enumerate(results):
            key = _key(conversation, result)
            if key not in self._sent:
                self._sent[key] = (
                    self._shorter(results[: n + 1]) if is_on and result.is_new else None
                )
            self._sent.move_to_end(key)
            text = self._sent[key]
            if text is not None:
                found[result.path] = text
        while len(self._sent) > self._capacity:
            self._sent.popitem(last=False)
        return found

    def _shorter(self, results: Sequence[ToolResult]) -> str | None:
        *before, result = results
        if len(result.text) >= self._least_repeat:
            for earlier in before:
                if earlier.text == result.text:
                    return REPEATED.format(call=earlier.call)
        form = self._form(result.text)
        return form.text if form else None


def _key(conversation: str, result: ToolResult) -> bytes:
    named = f"{conversation}\0{result.path}\0{result.call}\0{result.text}"
    return blake2b(named.encode("utf-8", "surrogatepass"), digest_size=16).digest()
