"""Anthropic's messages, streamed and not, and its token count."""

from collections.abc import Iterator
from typing import Any

from sim.answers import Answer, compose
from sim.caching import CacheUse
from sim.calls import Call
from sim.draws import Draw, base62_id
from sim.models import check_model, served
from sim.replies import Reply, event_stream, json_reply, named_event
from sim.tokens import Segment, total
from sim.wire import anthropic_prompts as prompts
from sim.words import pieces
from sim.world import World

Json = dict[str, Any]
_REASONS = {
    "stop": "end_turn",
    "length": "max_tokens",
    "tools": "tool_use",
    "sequence": "stop_sequence",
}
_FIRST_OUTPUT_TOKENS = 1  # what message_start reports before the true figure is known


def messages(call: Call, world: World) -> Reply:
    """POST /v1/messages."""
    model = check_model(call.dialect, call.json.get("model"))
    segments = prompts.segments(call.json)
    question = prompts.question(call)
    answer = world.recordings.find(call.json) or compose(question)
    usage = _usage(segments, _cache_use(call, world, model, segments), answer.tokens)
    world.meter.count(call.api_key, served(model), usage)
    message = _message(call.seed, model) | {"usage": usage}
    if call.json.get("stream"):
        return event_stream(_events(message, answer, call.seed), call.seed, answer.tokens)
    return json_reply(message | _content(answer, call.seed), output_tokens=answer.tokens)


def count_tokens(call: Call, world: World) -> Reply:
    """POST /v1/messages/count_tokens."""
    check_model(call.dialect, call.json.get("model"))
    return json_reply({"input_tokens": total(prompts.segments(call.json))})


def _cache_use(call: Call, world: World, model: str, segments: list[Segment]) -> CacheUse:
    if not world.habits.overruled(call.headers).is_caching:
        return CacheUse()
    return world.cache.marked(f"{call.api_key}\n{model}", segments)


def _usage(segments: list[Segment], cache: CacheUse, output: int) -> Json:
    """Anthropic's usage, whose input buckets do not overlap."""
    return {
        "input_tokens": total(segments) - cache.read - cache.written_total,
        "cache_creation_input_tokens": cache.written_total,
        "cache_read_input_tokens": cache.read,
        "cache_creation": {
            f"ephemeral_{lifetime}_input_tokens": tokens
            for lifetime, tokens in cache.written.items()
        },
        "output_tokens": output,
        "service_tier": "standard",
    }


def _message(seed: bytes, model: str) -> Json:
    return {
        "id": f"msg_{base62_id(seed, 'answer')}",
        "type": "message",
        "role": "assistant",
        "model": served(model),
        "content": [],
        "stop_reason": None,
        "stop_sequence": None,
    }


def _content(answer: Answer, seed: bytes) -> Json:
    return {
        "content": list(_blocks(answer, seed)),
        "stop_reason": _REASONS[answer.end],
        "stop_sequence": answer.sequence,
    }


def _blocks(answer: Answer, seed: bytes) -> Iterator[Json]:
    if answer.thinking:
        signature = base62_id(seed, "signature", 64)
        yield {"type": "thinking", "thinking": answer.thinking, "signature": signature}
    if answer.text or not answer.calls:
        yield {"type": "text", "text": answer.text}
    for call in answer.calls:
        identity = f"toolu_{base62_id(seed, f'tool {call.number}')}"
        yield {"type": "tool_use", "id": identity, "name": call.name, "input": call.arguments}


def _events(message: Json, answer: Answer, seed: bytes) -> Iterator[bytes]:
    usage = message["usage"]
    opening = message | {"usage": usage | {"output_tokens": _FIRST_OUTPUT_TOKENS}}
    yield named_event({"type": "message_start", "message": opening})
    yield named_event({"type": "ping"})
    for index, block in enumerate(_blocks(answer, seed)):
        yield from _block_events(index, block, answer, Draw(seed, f"pieces {index}"))
    end = {"stop_reason": _REASONS[answer.end], "stop_sequence": answer.sequence}
    final = {k: v for k, v in usage.items() if k not in {"cache_creation", "service_tier"}}
    yield named_event({"type": "message_delta", "delta": end, "usage": final})
    yield named_event({"type": "message_stop"})


def _block_events(index: int, block: Json, answer: Answer, draw: Draw) -> Iterator[bytes]:
    opening = block | {"text": ""} if block["type"] == "text" else block
    if block["type"] == "thinking":
        opening = block | {"thinking": "", "signature": ""}
    if block["type"] == "tool_use":
        opening = block | {"input": {}}
    yield named_event({"type": "content_block_start", "index": index, "content_block": opening})
    for delta in _deltas(block, answer, draw):
        yield named_event({"type": "content_block_delta", "index": index, "delta": delta})
    yield named_event({"type": "content_block_stop", "index": index})


def _deltas(block: Json, answer: Answer, draw: Draw) -> Iterator[Json]:
    if block["type"] == "text":
        yield from ({"type": "text_delta", "text": p} for p in pieces(block["text"], draw))
    elif block["type"] == "thinking":
        for piece in pieces(block["thinking"], draw):
            yield {"type": "thinking_delta", "thinking": piece}
        yield {"type": "signature_delta", "signature": block["signature"]}
    else:
        encoded = next(c.encoded for c in answer.calls if c.arguments is block["input"])
        for piece in ["", *pieces(encoded, draw)]:
            yield {"type": "input_json_delta", "partial_json": piece}
