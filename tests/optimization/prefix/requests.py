"""Anthropic requests of every shape, with and without the client's own marks."""

import json
from typing import Any

from hypothesis import strategies as st

_TEXTS = st.text(max_size=40)
_CONTROLS = st.sampled_from([{"type": "ephemeral"}, {"type": "ephemeral", "ttl": "5m"}])


def _with_control(block: dict[str, Any]) -> st.SearchStrategy[dict[str, Any]]:
    marked = _CONTROLS.map(lambda control: {**block, "cache_control": control})
    return st.one_of(st.just(block), st.just(block), st.just(block), marked)


_BLOCKS = st.one_of(
    _TEXTS.map(lambda text: {"type": "text", "text": text}),
    _TEXTS.map(lambda text: {"type": "tool_result", "tool_use_id": "t", "content": text}),
    st.just({"type": "tool_use", "id": "t", "name": "é", "input": {"a": 1.0, "system": [1]}}),
    st.just({"type": "thinking", "thinking": "…", "signature": "s"}),
).flatmap(_with_control)
_CONTENTS = st.one_of(_TEXTS, st.lists(_BLOCKS, max_size=4))
_MESSAGES = st.lists(
    st.fixed_dictionaries({"role": st.sampled_from(["user", "assistant"]), "content": _CONTENTS}),
    min_size=1,
    max_size=6,
)
REQUESTS = st.fixed_dictionaries(
    {"model": st.just("claude-opus-5"), "max_tokens": st.just(5), "messages": _MESSAGES},
    optional={
        "system": _CONTENTS,
        "tools": st.lists(
            st.just({"name": "look", "input_schema": {"type": "object"}}), max_size=2
        ),
        "cache_control": _CONTROLS,
    },
)


def seen(request: dict[str, Any]) -> dict[str, Any]:
    """What the model sees: no marks, and plain strings as the block that they stand for."""
    parts = {name: _plain(value) for name, value in request.items() if name != "cache_control"}
    parts["messages"] = [
        {**message, "content": _blocks(message["content"])} for message in parts["messages"]
    ]
    if "system" in parts:
        parts["system"] = _blocks(parts["system"])
    return parts


def encoded(request: dict[str, Any], *, is_spaced: bool, is_ascii: bool) -> bytes:
    """As one client or another writes it."""
    separators = (" , ", "\n:\t") if is_spaced else (",", ":")
    return json.dumps(request, separators=separators, ensure_ascii=is_ascii).encode()


def long_request(*turns: str, system: str = "s" * 9_000) -> dict[str, Any]:
    """User and assistant in turn, each turn a plain string."""
    messages = [
        {"role": ("user", "assistant")[n % 2], "content": turn} for n, turn in enumerate(turns)
    ]
    return {"model": "claude-opus-5", "system": system, "messages": messages}


def _blocks(content: Any) -> Any:
    return [{"type": "text", "text": content}] if isinstance(content, str) else content


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _plain(each) for name, each in value.items() if name != "cache_control"}
    return [_plain(each) for each in value] if isinstance(value, list) else value
