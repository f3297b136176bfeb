"""What a request needs of a model, and what a model can."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Needs:
    """`context_tokens` of input and the most output together; `sampling`, `reasoning`: the request
    sets how the answer is drawn, or how long it is thought about; `prefill`: it begins the answer.
    """

    context_tokens: int = 0
    tools: bool = False
    vision: bool = False
    json_schema: bool = False
    sampling: bool = False
    reasoning: bool = False
    prefill: bool = False
    other: bool = False  # what no model here is known to take


@dataclass(frozen=True, slots=True)
class Abilities:
    """Of one model; `latency_ms` to the first byte as measured lately, None: not measured."""

    context_tokens: int
    tools: bool = False
    vision: bool = False
    json_schema: bool = False
    sampling: bool = True
    reasoning: bool = False
    prefill: bool = True
    latency_ms: float | None = None


_NAMED = ("tools", "vision", "json_schema", "sampling", "reasoning", "prefill")
_BYTES_PER_TOKEN = 3
_TOKENS_PER_IMAGE = 1_600
_TOKENS_PER_ANSWER = 4_096  # where the request does not bound it
_SAMPLING = frozenset(
    {"temperature", "top_p", "top_k", "presence_penalty", "frequency_penalty", "logprobs"}
)
_OPENAI_SAMPLING = _SAMPLING | {"max_tokens"}  # reasoning models take max_completion_tokens
_REASONING = frozenset({"reasoning_effort", "verbosity", "thinking", "reasoning"})
_SCHEMA = frozenset({"output_format", "output_config"})
_TOOL_BLOCKS = frozenset({"tool_use", "tool_result"})
_BLOCKS = _TOOL_BLOCKS | {"text", "refusal", "image", "image_url"}


def lacking(needs: Needs, abilities: Abilities) -> str | None:
    """The first thing that the model lacks, or None."""
    if needs.other:
        return "other"
    if needs.context_tokens > abilities.context_tokens:
        return "context"
    for name in _NAMED:
        if getattr(needs, name) and not getattr(abilities, name):
            return name
    return None


def needs_of(
    request: Mapping[str, Any],
    *,
    endpoint: str,
    text_bytes: int,
    images: int,
    most_output: int | None,
) -> Needs:
    """Of a request to "messages" or "chat.completions", as the gateway has measured it."""
    messages = [m for m in request.get("messages") or () if isinstance(m, dict)]
    kinds = {kind for message in messages for kind in _block_kinds(message.get("content"))}
    tokens = -(-text_bytes // _BYTES_PER_TOKEN) + images * _TOKENS_PER_IMAGE
    sampling = _SAMPLING if endpoint == "messages" else _OPENAI_SAMPLING
    return Needs(
        context_tokens=tokens + (most_output or _TOKENS_PER_ANSWER),
        tools=bool(request.get("tools") or request.get("functions") or kinds & _TOOL_BLOCKS),
        vision=images > 0,
        json_schema=_has_schema(request),
        sampling=_says(request, sampling),
        reasoning=_says(request, _REASONING),
        prefill=bool(messages) and messages[-1].get("role") == "assistant",
        other=bool(kinds - _BLOCKS),
    )


def _block_kinds(content: object) -> list[str]:
    blocks = content if isinstance(content, list) else ()
    return [str(block.get("type")) for block in blocks if isinstance(block, dict)]


def _has_schema(request: Mapping[str, Any]) -> bool:
    asked = request.get("response_format")
    is_schema = isinstance(asked, dict) and asked.get("type") == "json_schema"
    return is_schema or _says(request, _SCHEMA)


def _says(request: Mapping[str, Any], names: frozenset[str]) -> bool:
    return any(request.get(name) is not None for name in names)
