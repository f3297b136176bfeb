"""Tools' results in a request, which of them have not been sent before, and what becomes of them.

A gateway sees the whole conversation with every call. What went out as it was stays as it is, and
what went out shorter is made shorter again in the same way: the provider's prefix stays the same.
"""

from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from hashlib import blake2b
from typing import Any, NamedTuple

from apps.optimization.compression.forms import Form, shorter_form
from apps.optimization.compression.sizes import saved_tokens
from apps.optimization.prefix.blocks import Path

REPEATED = "Same as the result above of call {call}."
LEAST_REPEAT = 200  # characters
KINDS = frozenset({"toon", "json", "repeat"})
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


class Changes(NamedTuple):
    """found: what goes out instead, by path. fates: of each result that was not known before."""

    found: dict[Path, Form]
    fates: dict[bytes, Form | None]


class ResultCompressor:
    """Remembers what went out for each result of all conversations: for at most `capacity` of them,
    and as long as the texts have at most `most_bytes` characters together.
    """

    def __init__(
        self,
        *,
        capacity: int = 100_000,
        form: Callable[[str], Form | None] = shorter_form,
        least_repeat: int = LEAST_REPEAT,
        most_bytes: int = 64 << 20,
    ) -> None:
        self._most_bytes, self._bytes = most_bytes, 0
        self._capacity, self._form, self._least_repeat = capacity, form, least_repeat
        self._sent: OrderedDict[bytes, Form | None] = OrderedDict()

    def plan(
        self, request: Mapping[str, Any], *, conversation: str, is_on: bool = True
    ) -> dict[Path, str]:
        """The texts to send instead, by path. `conversation` names organization, project and it.

        Call it for each call that goes out, with `is_on` False where nothing may change: then what
        is new is remembered as sent as it is. A result whose fate was forgotten is left alone.
        """
        changes = self._changes(request, conversation, self._shorter if is_on else _as_it_is)
        self.remember(changes, went_out=True)
        return {path: form.text for path, form in changes.found.items()}

    def changes(
        self, request: Mapping[str, Any], *, conversation: str, kinds: frozenset[str]
    ) -> Changes:
        """The same with forms of these KINDS only, and nothing remembered yet."""
        return self._changes(request, conversation, partial(shortened, kinds=kinds))

    def remember(self, changes: Changes, *, went_out: bool) -> None:
        """The call of `changes` goes out with them, or with what is new as it is."""
        for key, form in changes.fates.items():
            self._bytes -= _length(self._sent.get(key))
            self._sent[key] = form if went_out else None
            self._bytes += _length(self._sent[key])
        while len(self._sent) > self._capacity or self._bytes > self._most_bytes:
            self._bytes -= _length(self._sent.popitem(last=False)[1])

    def _changes(
        self,
        request: Mapping[str, Any],
        conversation: str,
        shorter: Callable[[Sequence[ToolResult]], Form | None],
    ) -> Changes:
        changes = Changes({}, {})
        results = tool_results(request)
        for n, result in enumerate(results):
            key = _key(conversation, result)
            if key in self._sent:
                self._sent.move_to_end(key)
                form = self._sent[key]
            else:
                form = shorter(results[: n + 1]) if result.is_new else None
                changes.fates[key] = form
            if form is not None:
                changes.found[result.path] = form
        return changes

    def _shorter(self, results: Sequence[ToolResult]) -> Form | None:
        return _repeat(results, self._least_repeat) or self._form(results[-1].text)


def shortened(results: Sequence[ToolResult], *, kinds: frozenset[str]) -> Form | None:
    """What the last of the results would go out as in forms of these KINDS, and its saving."""
    text = results[-1].text
    form = _repeat(results, LEAST_REPEAT) if "repeat" in kinds else None
    if form is None and kinds & {"toon", "json"}:
        form = shorter_form(text, allow_toon="toon" in kinds, allow_json="json" in kinds)
    return replace(form, saved=saved_tokens(text, form.text)) if form else None


def all_shortened(
    request: Mapping[str, Any], *, kinds: frozenset[str], is_new: bool = False
) -> dict[Path, Form]:
    """What the results of a request would go out as, had each been shortened when it was new.

    is_new: only those that are new now.
    """
    results = tool_results(request)
    found: dict[Path, Form] = {}
    for n, result in enumerate(results):
        if result.is_new or not is_new:
            form = shortened(results[: n + 1], kinds=kinds)
            if form:
                found[result.path] = form
    return found


def _length(form: Form | None) -> int:
    return len(form.text) if form else 0


def _as_it_is(_: Sequence[ToolResult]) -> None:
    return None


def _repeat(results: Sequence[ToolResult], least: int) -> Form | None:
    """What points to the same result above."""
    *before, result = results
    if len(result.text) >= least:
        for earlier in before:
            if earlier.text == result.text:
                return Form("repeat", REPEATED.format(call=earlier.call))
    return None


def _key(conversation: str, result: ToolResult) -> bytes:
    named = f"{conversation}\0{result.path}\0{result.call}\0{result.text}"
    return blake2b(named.encode("utf-8", "surrogatepass"), digest_size=16).digest()
