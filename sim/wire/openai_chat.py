"""OpenAI's chat completions, which most other providers speak too."""

from collections.abc import Iterator
from typing import Any

from sim.answers import Answer, Question, ToolCall, compose
from sim.caching import CacheUse
from sim.calls import Call
from sim.draws import Draw, base62_id, hex_id, made_at
from sim.errors import bad_request
from sim.models import charges_writes, check_model, served, served_tier
from sim.replies import Reply, data_event, event_stream, json_reply
from sim.tokens import Segment, total
from sim.wire import openai_prompts as prompts
from sim.words import pieces
from sim.world import World

Json = dict[str, Any]
DONE = b"data: [DONE]\n\n"
_REASONS = {"stop": "stop", "sequence": "stop", "length": "length", "tools": "tool_calls"}
_MOST_CHOICES = 128


def chat(call: Call, world: World) -> Reply:
    """POST /v1/chat/completions."""
    model = check_model(call.dialect, call.model or call.json.get("model"))
    segments = prompts.segments(call.json)
    question = prompts.question(call, model)
    said = world.recordings.find({**call.json, "model": model})
    answers = [said or compose(question, number) for number in range(choice_count(call.json))]
    usage = usage_of(segments, answers, cache_use(call, world, model, segments))
    world.meter.count(call.api_key, served(model), usage)
    envelope = _envelope(call, model)
    if call.json.get("stream"):
        events = _events(call, question, answers, envelope, usage)
        return event_stream(events, call.seed, usage["completion_tokens"])
    choices = [_choice(number, answer, call.seed) for number, answer in enumerate(answers)]
    whole = envelope | {"object": "chat.completion", "choices": choices, "usage": usage}
    return json_reply(whole, output_tokens=usage["completion_tokens"])


def choice_count(body: Json) -> int:
    """How many answers are wanted. Raises WireError (400)."""
    number = body.get("n") or 1
    if not isinstance(number, int) or not 1 <= number <= _MOST_CHOICES:
        raise bad_request("Invalid 'n': an integer from 1 to 128 is expected.", param="n")
    return number


def _envelope(call: Call, model: str) -> Json:
    return {
        "id": f"chatcmpl-{base62_id(call.seed, 'answer', 29)}",
        "created": made_at(call.seed),
        "model": served(model),
        "service_tier": served_tier(model, call.json.get("service_tier")),
        "system_fingerprint": f"fp_{hex_id(model.encode(), 'fingerprint', 10)}",
    }


def cache_use(call: Call, world: World, model: str, segments: list[Segment]) -> CacheUse:
    """What the automatic cache gives to the prompt and keeps of it."""
    if not world.habits.overruled(call.headers).is_caching:
        return CacheUse()
    use = world.cache.automatic(f"{call.api_key}\n{model}", segments)
    return use if charges_writes(model) else CacheUse(use.read)


def usage_of(segments: list[Segment], answers: list[Answer], cache: CacheUse) -> Json:
    """OpenAI's usage: the details are parts of the prompt's and the completion's tokens."""
    prompt, completion = total(segments), sum(answer.tokens for answer in answers)
    return {
        "prompt_tokens": prompt,
        "completion_tokens": completion,
        "total_tokens": prompt + completion,
        "prompt_tokens_details": {
            "cached_tokens": cache.read,
            "cache_write_tokens": cache.written_total,
            "audio_tokens": total(segments, "audio"),
        },
        "completion_tokens_details": {
            "reasoning_tokens": sum(answer.thinking_tokens for answer in answers),
            "audio_tokens": 0,
            "accepted_prediction_tokens": 0,
            "rejected_prediction_tokens": 0,
        },
    }


def call_id(seed: bytes, choice: int, call: ToolCall) -> str:
    """The id of a tool's call."""
    return f"call_{base62_id(seed, f'tool {choice} {call.number}')}"


def _choice(number: int, answer: Answer, seed: bytes) -> Json:
    content = None if answer.calls and not answer.text else answer.text
    message: Json = {"role": "assistant", "content": content, "refusal": None, "annotations": []}
    if answer.calls:
        message["tool_calls"] = [
            _tool_call(call_id(seed, number, call), call, call.encoded) for call in answer.calls
        ]
    reason = _REASONS[answer.end]
    return {"index": number, "message": message, "logprobs": None, "finish_reason": reason}


def _tool_call(identity: str, call: ToolCall, arguments: str) -> Json:
    function = {"name": call.name, "arguments": arguments}
    return {"id": identity, "type": "function", "function": function}


def _events(
    call: Call, question: Question, answers: list[Answer], envelope: Json, usage: Json
) -> Iterator[bytes]:
    envelope = envelope | {"object": "chat.completion.chunk"}
    wants_usage = bool((call.json.get("stream_options") or {}).get("include_usage"))
    between = {"usage": None} if wants_usage else {}
    for number, answer in enumerate(answers):
        for delta, reason in _deltas(number, answer, question.seed):
            choice = {"index": number, "delta": delta, "logprobs": None, "finish_reason": reason}
            yield data_event(envelope | {"choices": [choice]} | between)
    if wants_usage:
        yield data_event(envelope | {"choices": [], "usage": usage})
    yield DONE


def _deltas(number: int, answer: Answer, seed: bytes) -> Iterator[tuple[Json, str | None]]:
    draw = Draw(seed, f"pieces {number}")
    opening = None if answer.calls and not answer.text else ""
    yield {"role": "assistant", "content": opening, "refusal": None}, None
    for piece in pieces(answer.text, draw):
        yield {"content": piece}, None
    for call in answer.calls:
        opened = _tool_call(call_id(seed, number, call), call, "")
        yield {"tool_calls": [{"index": call.number} | opened]}, None
        for piece in pieces(call.encoded, draw):
            fragment = {"index": call.number, "function": {"arguments": piece}}
            yield {"tool_calls": [fragment]}, None
    yield {}, _REASONS[answer.end]
