"""Anthropic's messages in both forms. Source: the types of anthropic-sdk-python 2.12."""

from collections.abc import Iterator, Mapping
from typing import Any

import orjson

from apps.kernel.tokens import TokenBuckets
from apps.optimization.answers.events import (
    Unknown,
    event,
    read_events,
    require_known,
    require_object,
)

ENDINGS = frozenset({"end_turn", "stop_sequence", "tool_use"})
_MESSAGE = frozenset(
    {"id", "type", "role", "model", "content", "stop_reason", "stop_sequence", "usage"}
)
_END = frozenset({"stop_reason", "stop_sequence"})
# By type of block: what arrives in pieces, and by which type of delta.
_PIECES: Mapping[str, tuple[tuple[str, str], ...]] = {
    "text": (("text", "text_delta"),),
    "thinking": (("thinking", "thinking_delta"), ("signature", "signature_delta")),
    "tool_use": (("partial_json", "input_json_delta"),),
}
_BLOCK = frozenset({"type", "text", "thinking", "signature", "id", "name", "input"})


def joined(stream: bytes, _buckets: TokenBuckets) -> dict[str, Any]:
    """The message that a stream of events comes to. Raises Unknown."""
    whole: dict[str, Any] = {}
    blocks: list[dict[str, Any]] = []
    for said in read_events(stream):
        if said.get("type") == "message_start":
            whole = {**require_object(said.get("message"))}
        elif said.get("type") == "message_delta":
            _end(whole, said)
        else:
            _add(blocks, said)
    require_known(whole, _MESSAGE)
    return whole | {"content": [_whole(block) for block in blocks]}


def parted(document: Mapping[str, Any], *, has_usage: bool) -> bytes:
    """The message as a stream of events, which always tells its usage. Raises Unknown."""
    require_known(document, _MESSAGE)
    usage = require_object(document.get("usage"))
    begin = {**document, "content": [], "stop_reason": None, "stop_sequence": None}
    events = [_named("message_start", message=begin)]
    for index, block in enumerate(document.get("content") or ()):
        events += _block_events(index, require_object(block))
    end = {name: document.get(name) for name in ("stop_reason", "stop_sequence")}
    told = {"output_tokens": usage.get("output_tokens", 0)}
    events.append(_named("message_delta", delta=end, usage=told))
    return b"".join([*events, _named("message_stop")])


def text(document: Mapping[str, Any]) -> str | None:
    """What the message says, when it is nothing but text."""
    blocks = document["content"]
    is_text = all(each["type"] == "text" and not each.get("citations") for each in blocks)
    return "".join(each["text"] for each in blocks) if is_text else None


def _end(whole: dict[str, Any], said: dict[str, Any]) -> None:
    delta = require_object(said.get("delta"))
    require_known(delta, _END)
    usage = {**whole.get("usage", {}), **(said.get("usage") or {})}
    whole |= {**delta, "usage": usage}


def _add(blocks: list[dict[str, Any]], said: dict[str, Any]) -> None:
    kind = said.get("type")
    if kind == "content_block_start":
        block = require_object(said.get("content_block"))
        require_known(block, _BLOCK)
        if said.get("index") != len(blocks) or block.get("type") not in _PIECES:
            raise Unknown(f"A block {block.get('type')} cannot be given back.")
        blocks.append({**block})
    elif kind == "content_block_delta":
        _extend(blocks[said["index"]], require_object(said.get("delta")))
    elif kind not in ("content_block_stop", "message_stop", "ping"):
        raise Unknown(f"An event {kind} cannot be given back.")


def _extend(block: dict[str, Any], delta: dict[str, Any]) -> None:
    for name, kind in _PIECES[block["type"]]:
        if delta.get("type") == kind:
            block[name] = block.get(name, "") + delta[name]
            return
    raise Unknown(f"A {delta.get('type')} cannot be given back.")


def _whole(block: dict[str, Any]) -> dict[str, Any]:
    if block["type"] != "tool_use":
        return block
    typed = block.pop("partial_json", "")
    return block | ({"input": orjson.loads(typed)} if typed else {})


def _block_events(index: int, block: dict[str, Any]) -> Iterator[bytes]:
    require_known(block, _BLOCK)
    pieces = _PIECES.get(block.get("type", ""))
    if pieces is None:
        raise Unknown(f"A block {block.get('type')} cannot be given back.")
    is_tool = block["type"] == "tool_use"
    texts = {"partial_json": orjson.dumps(block.get("input", {})).decode()} if is_tool else block
    empty: dict[str, Any] = {"input": {}} if is_tool else {name: "" for name, _ in pieces}
    yield _named("content_block_start", index=index, content_block=block | empty)
    for name, kind in pieces:
        if texts.get(name):
            yield _named(
                "content_block_delta", index=index, delta={"type": kind, name: texts[name]}
            )
    yield _named("content_block_stop", index=index)


def _named(name: str, **fields: Any) -> bytes:
    return event({"type": name, **fields}, name)
