"""OpenAI's Responses API: whole or as typed events, kept to be fetched or continued."""

from collections.abc import Iterator
from dataclasses import replace
from itertools import count as count_up
from typing import Any

from sim.answers import Answer, compose
from sim.caching import CacheUse
from sim.calls import Call
from sim.draws import Draw, base62_id, hex_id, made_at
from sim.errors import WireError
from sim.models import check_model, served, served_tier
from sim.replies import Reply, event_stream, json_reply, named_event
from sim.tokens import Segment, total
from sim.wire import responses_prompts as prompts
from sim.wire.openai_chat import cache_use
from sim.words import pieces
from sim.world import World

Json = dict[str, Any]
_ECHOED: Json = {
    "instructions": None,
    "max_output_tokens": None,
    "metadata": {},
    "parallel_tool_calls": True,
    "previous_response_id": None,
    "reasoning": {"effort": None, "summary": None},
    "store": True,
    "temperature": 1.0,
    "text": {"format": {"type": "text"}},
    "tool_choice": "auto",
    "tools": [],
    "top_p": 1.0,
    "truncation": "disabled",
    "user": None,
}


def create(call: Call, world: World) -> Reply:
    """POST /v1/responses."""
    model = check_model(call.dialect, call.model or call.json.get("model"))
    items = [*_earlier(call, world), *prompts.input_items(call.json)]
    segments = prompts.segments(call.json, items)
    answer = compose(prompts.question(call, model, items))
    usage = _usage(segments, answer, cache_use(call, world, model, segments))
    response = _response(call, model, answer, usage)
    if call.json.get("store") is not False:
        kept = (response, [*items, *response["output"]], prompts.input_items(call.json))
        world.responses.put(call.api_key, response["id"], kept)
    if call.json.get("stream"):
        return _streamed(response, call.seed, answer.tokens)
    return json_reply(response, output_tokens=answer.tokens)


def retrieve(call: Call, world: World) -> Reply:
    """GET /v1/responses/{id}."""
    return json_reply(world.responses.get(call.api_key, call.parts["id"])[0])


def delete(call: Call, world: World) -> Reply:
    """DELETE /v1/responses/{id}."""
    world.responses.remove(call.api_key, call.parts["id"])
    return json_reply({"id": call.parts["id"], "object": "response", "deleted": True})


def input_items(call: Call, world: World) -> Reply:
    """GET /v1/responses/{id}/input_items, in one page."""
    items = world.responses.get(call.api_key, call.parts["id"])[2]
    shown = [{"id": f"msg_{hex_id(call.seed, str(n))}"} | item for n, item in enumerate(items)]
    ends = {"first_id": shown[0]["id"], "last_id": shown[-1]["id"]} if shown else {}
    return json_reply({"object": "list", "data": shown[::-1], "has_more": False} | ends)


def _earlier(call: Call, world: World) -> list[Json]:
    """The conversation that the request continues, without its instructions."""
    previous = call.json.get("previous_response_id")
    if not previous:
        return []
    try:
        items: list[Json] = world.responses.get(call.api_key, str(previous))[1]
    except WireError as error:
        message = f"Previous response with id '{previous}' not found."
        raise WireError(400, message, "previous_response_not_found") from error
    return items


def _usage(segments: list[Segment], answer: Answer, cache: CacheUse) -> Json:
    read = total(segments)
    return {
        "input_tokens": read,
        "input_tokens_details": {
            "cached_tokens": cache.read,
            "cache_write_tokens": cache.written_total,
        },
        "output_tokens": answer.tokens,
        "output_tokens_details": {"reasoning_tokens": answer.thinking_tokens},
        "total_tokens": read + answer.tokens,
    }


def _response(call: Call, model: str, answer: Answer, usage: Json) -> Json:
    is_whole = answer.end != "length"
    echoed = {name: call.json.get(name, default) for name, default in _ECHOED.items()}
    return echoed | {
        "id": f"resp_{hex_id(call.seed, 'answer', 48)}",
        "object": "response",
        "created_at": made_at(call.seed),
        "completed_at": made_at(call.seed) + 1,
        "status": "completed" if is_whole else "incomplete",
        "error": None,
        "incomplete_details": None if is_whole else {"reason": "max_output_tokens"},
        "model": served(model),
        "output": list(_output(answer, call.seed)),
        "service_tier": served_tier(model, call.json.get("service_tier")),
        "usage": usage,
    }


def _output(answer: Answer, seed: bytes) -> Iterator[Json]:
    if answer.thinking_tokens:
        yield {"id": f"rs_{hex_id(seed, 'reasoning', 48)}", "type": "reasoning", "summary": []}
    for call in answer.calls:
        yield {
            "id": f"fc_{hex_id(seed, f'item {call.number}', 48)}",
            "type": "function_call",
            "status": "completed",
            "call_id": f"call_{base62_id(seed, f'tool 0 {call.number}')}",
            "name": call.name,
            "arguments": call.encoded,
        }
    if not answer.calls:
        yield {
            "id": f"msg_{hex_id(seed, 'message', 48)}",
            "type": "message",
            "status": "incomplete" if answer.end == "length" else "completed",
            "role": "assistant",
            "content": [_text_part(answer.text)],
        }


def _text_part(text: str) -> Json:
    return {"type": "output_text", "annotations": [], "logprobs": [], "text": text}


def _streamed(response: Json, seed: bytes, tokens: int) -> Reply:
    numbers = count_up()
    events = [named_event(e | {"sequence_number": next(numbers)}) for e in _events(response, seed)]
    error = {"type": "error", "code": "server_error", "message": "The server is overloaded."}
    failed = named_event(error | {"param": None, "sequence_number": next(numbers)})
    return replace(event_stream(events, seed, tokens), error_event=failed)


def _events(response: Json, seed: bytes) -> Iterator[Json]:
    unfinished: Json = {
        "completed_at": None,
        "incomplete_details": None,
        "output": [],
        "usage": None,
    }
    begun = response | unfinished | {"status": "in_progress"}
    yield {"type": "response.created", "response": begun}
    yield {"type": "response.in_progress", "response": begun}
    for index, item in enumerate(response["output"]):
        place = {"output_index": index}
        yield {"type": "response.output_item.added", "item": _opened(item)} | place
        for event in _item_events(item, Draw(seed, f"pieces {index}")):
            yield event | place | {"item_id": item["id"]}
        yield {"type": "response.output_item.done", "item": item} | place
    yield {"type": f"response.{response['status']}", "response": response}


def _opened(item: Json) -> Json:
    """An output item as it is announced, still empty."""
    empty: Json = {"message": {"content": []}, "function_call": {"arguments": ""}}
    changes: Json = empty.get(item["type"], {})
    begun: Json = {"status": "in_progress"} if "status" in item else {}
    return item | changes | begun


def _item_events(item: Json, draw: Draw) -> Iterator[Json]:
    if item["type"] == "function_call":
        kind = "response.function_call_arguments"
        for piece in pieces(item["arguments"], draw):
            yield {"type": f"{kind}.delta", "delta": piece}
        yield {"type": f"{kind}.done", "name": item["name"], "arguments": item["arguments"]}
    elif item["type"] == "message":
        for event in _text_events(item["content"][0], draw):
            yield event | {"content_index": 0}


def _text_events(part: Json, draw: Draw) -> Iterator[Json]:
    yield {"type": "response.content_part.added", "part": part | {"text": ""}}
    for piece in pieces(part["text"], draw):
        yield {"type": "response.output_text.delta", "delta": piece, "logprobs": []}
    yield {"type": "response.output_text.done", "text": part["text"], "logprobs": []}
    yield {"type": "response.content_part.done", "part": part}
