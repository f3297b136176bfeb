"""What a request needs of a model, and what a model can."""

from dataclasses import dataclass

from apps.optimization.routing.asked import Request, item_kinds, tool_kinds, turns_of


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
_BLOCKS = _TOOL_BLOCKS | {
    *("text", "refusal", "image", "image_url"),
    *("input_text", "output_text", "input_image"),
}
_TOOL_ITEMS = frozenset({"function_call", "function_call_output"})
# Of responses: what was said lies with the provider, or the answer comes in a form of its model.
_ELSEWHERE = frozenset({"previous_response_id", "conversation", "prompt", "background", "include"})


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
    request: Request,
    *,
    endpoint: str,
    text_bytes: int,
    images: int,
    most_output: int | None,
) -> Needs:
    """Of a request to one of ROUTABLE, as the gateway has measured it."""
    turns = turns_of(request)
    kinds = {kind for message in turns for kind in _block_kinds(message.get("content"))}
    tokens = -(-text_bytes // _BYTES_PER_TOKEN) + images * _TOKENS_PER_IMAGE
    sampling = _SAMPLING if endpoint == "messages" else _OPENAI_SAMPLING
    used = (kinds & _TOOL_BLOCKS) | (item_kinds(request) & _TOOL_ITEMS)
    return Needs(
        context_tokens=tokens + (most_output or _TOKENS_PER_ANSWER),
        tools=bool(request.get("tools") or request.get("functions") or used),
        vision=images > 0,
        json_schema=_has_schema(request),
        sampling=_says(request, sampling),
        reasoning=_says(request, _REASONING) or _written(request, "verbosity") is not None,
        prefill=bool(turns) and turns[-1].get("role") == "assistant",
        other=bool(kinds - _BLOCKS) or (endpoint == "responses" and _is_special(request)),
    )


def _is_special(request: Request) -> bool:
    """Whether a request for a response is more than its own messages, functions and their results.

    Providers' own tools are among it: not every model has them, and they have prices of their own.
    """
    return (
        any(request.get(name) for name in _ELSEWHERE)
        or bool(item_kinds(request) - _TOOL_ITEMS)
        or bool(tool_kinds(request) - {"function"})
    )


def _block_kinds(content: object) -> list[str]:
    blocks = content if isinstance(content, list) else ()
    return [str(block.get("type")) for block in blocks if isinstance(block, dict)]


def _has_schema(request: Request) -> bool:
    forms = request.get("response_format"), _written(request, "format")
    is_schema = any(isinstance(form, dict) and form.get("type") == "json_schema" for form in forms)
    return is_schema or _says(request, _SCHEMA)


def _written(request: Request, name: str) -> object:
    """What a request for a response says of how its text is written."""
    text = request.get("text")
    return text.get(name) if isinstance(text, dict) else None


def _says(request: Request, names: frozenset[str]) -> bool:
    return any(request.get(name) is not None for name in names)
