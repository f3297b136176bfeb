"""OpenAI's chat completions in both forms. Source: the types of openai-python 3.54."""

from collections.abc import Iterator, Mapping
from typing import Any

from apps.kernel.tokens import TokenBuckets
from apps.optimization.answers.events import (
    Unknown,
    event,
    read_events,
    require_known,
    require_object,
)

ENDINGS = frozenset({"stop", "tool_calls", "function_call"})
_HEAD = ("id", "created", "model", "system_fingerprint", "service_tier")
_TEXTS = ("content", "reasoning_content", "reasoning")
_CHUNK = frozenset({*_HEAD, "object", "choices", "usage", "obfuscation"})
_CHOICE = frozenset({"index", "delta", "message", "finish_reason"})
_SAID = frozenset({"role", "tool_calls", *_TEXTS})
_CALL = frozenset({"index", "id", "type", "function"})


def joined(stream: bytes, buckets: TokenBuckets) -> dict[str, Any]:
    """The completion that a stream of chunks comes to. Raises Unknown.

    buckets: its tokens, for callers that did not ask for them.
    """
    whole: dict[str, Any] = {"object": "chat.completion", "usage": usage_of(buckets)}
    choices: dict[int, dict[str, Any]] = {}
    for chunk in read_events(stream):
        require_known(chunk, _CHUNK)
        whole |= {name: chunk[name] for name in _HEAD if name in chunk}
        whole["usage"] = chunk.get("usage") or whole["usage"]
        for part in chunk.get("choices") or ():
            _add(choices, require_object(part))
    if not choices:
        raise Unknown("There is no choice.")
    return whole | {"choices": [choices[index] for index in sorted(choices)]}


def parted(document: Mapping[str, Any], *, has_usage: bool) -> bytes:
    """The completion as a stream of chunks. Raises Unknown.

    has_usage: whether the caller asked for a last chunk with the usage.
    """
    head = {name: document[name] for name in _HEAD if name in document}
    chunk = {**head, "object": "chat.completion.chunk"} | ({"usage": None} if has_usage else {})
    events = [
        event({**chunk, "choices": [part]})
        for choice in document.get("choices") or ()
        for part in _parts(require_object(choice))
    ]
    if has_usage:
        events.append(event({**chunk, "choices": [], "usage": document.get("usage")}))
    return b"".join([*events, b"data: [DONE]\n\n"])


def text(document: Mapping[str, Any]) -> str | None:
    """What the one choice says, when it calls no tool."""
    [choice] = document["choices"]
    message = choice["message"]
    is_calling = message.get("tool_calls") or message.get("function_call")
    content = message.get("content")
    return content if isinstance(content, str) and not is_calling else None


def usage_of(buckets: TokenBuckets) -> dict[str, Any]:
    """The usage object of a completion."""
    return {
        "prompt_tokens": buckets.input_total,
        "completion_tokens": buckets.output_total,
        "total_tokens": buckets.total,
        "prompt_tokens_details": {"cached_tokens": buckets.cache_read, "audio_tokens": 0},
        "completion_tokens_details": {"reasoning_tokens": buckets.reasoning, "audio_tokens": 0},
    }


def _add(choices: dict[int, dict[str, Any]], part: dict[str, Any]) -> None:
    require_known(part, _CHOICE)
    delta = require_object(part.get("delta") or {})
    require_known(delta, _SAID)
    index = int(part.get("index") or 0)
    fresh = {"role": "assistant", "content": None, "refusal": None}
    empty = {"index": index, "message": fresh, "logprobs": None, "finish_reason": None}
    choice = choices.setdefault(index, empty)
    message = choice["message"]
    for name in _TEXTS:
        if isinstance(delta.get(name), str):
            message[name] = (message.get(name) or "") + delta[name]
    for call in delta.get("tool_calls") or ():
        _add_call(message.setdefault("tool_calls", []), require_object(call))
    choice["finish_reason"] = part.get("finish_reason") or choice["finish_reason"]


def _add_call(calls: list[dict[str, Any]], part: dict[str, Any]) -> None:
    """Calls begin in the order of their numbers, each with its id; arguments follow in pieces."""
    require_known(part, _CALL)
    index, said = int(part.get("index") or 0), require_object(part.get("function") or {})
    if index == len(calls):
        function = {"name": said.get("name") or "", "arguments": ""}
        calls.append({"id": part.get("id"), "type": "function", "function": function})
    if index >= len(calls):
        raise Unknown("A tool call is missing.")
    calls[index]["function"]["arguments"] += said.get("arguments") or ""


def _parts(choice: dict[str, Any]) -> Iterator[dict[str, Any]]:
    require_known(choice, _CHOICE)
    message = require_object(choice.get("message"))
    require_known(message, _SAID)
    delta = {"role": "assistant"} | {
        name: message[name] for name in _TEXTS if message.get(name) is not None
    }
    if calls := message.get("tool_calls"):
        delta["tool_calls"] = [{"index": index, **call} for index, call in enumerate(calls)]
    place = {"index": choice.get("index", 0), "logprobs": None}
    yield place | {"delta": delta, "finish_reason": None}
    yield place | {"delta": {}, "finish_reason": choice.get("finish_reason")}
