"""Cohere's API, version 2: chat, embed, rerank; and its models."""

from collections.abc import Iterator
from typing import Any

from sim.answers import Answer, Question, Tool, ToolCall, compose
from sim.calls import Call
from sim.draws import Draw, base62_id, uuid_id
from sim.errors import bad_request
from sim.models import LISTED, check_model
from sim.replies import Reply, event_stream, json_reply, named_event
from sim.tokens import Segment, count, structure_row, total
from sim.vectors import embedding, encoded
from sim.wire import openai_prompts as prompts
from sim.words import pieces
from sim.world import World

Json = dict[str, Any]
_REASONS = {
    "stop": "COMPLETE",
    "length": "MAX_TOKENS",
    "sequence": "STOP_SEQUENCE",
    "tools": "TOOL_CALL",
}
_PLAN = "I will use the tools to answer this."
_DIMENSIONS, _IMAGE_TOKENS = 1536, 1000
_MOST_TEXTS = 96


def chat(call: Call, world: World) -> Reply:
    """POST /v2/chat."""
    check_model(call.dialect, call.json.get("model"))
    prompt = prompts.segments(_without_format(call.json))
    prompt += [Segment(structure_row(d)) for d in call.json.get("documents") or ()]
    answer = compose(_question(call))
    plan = _PLAN if answer.calls else ""
    end = {"finish_reason": _REASONS[answer.end], "usage": _usage(total(prompt), answer, plan)}
    if call.json.get("stream"):
        events = _events(call.seed, answer, plan, end)
        return event_stream(map(named_event, events), call.seed, answer.tokens)
    whole = {"id": uuid_id(call.seed, "answer"), "message": _message(call.seed, answer, plan)}
    return json_reply(whole | end, output_tokens=answer.tokens)


def _without_format(body: Json) -> Json:
    return {name: value for name, value in body.items() if name != "response_format"}


def _question(call: Call) -> Question:
    body = call.json
    wanted = body.get("response_format") or {}
    schema = wanted.get("json_schema") or wanted.get("schema") or prompts.ANY_OBJECT
    return Question(
        seed=call.seed,
        limit=prompts.limit(body, "max_tokens"),
        stops=body.get("stop_sequences") or (),
        tools=[_tool(tool) for tool in body.get("tools") or ()],
        tool_choice=str(body.get("tool_choice") or "auto").lower(),
        is_tool_reply=prompts.messages(body)[-1]["role"] == "tool",
        schema=schema if wanted.get("type") == "json_object" else None,
    )


def _tool(tool: Any) -> Tool:
    function = tool.get("function") if isinstance(tool, dict) else None
    if not isinstance(function, dict) or "name" not in function:
        raise bad_request("invalid request: tools[0].function is required")
    return Tool(function["name"], function.get("parameters") or {"type": "object"})


def _usage(read: int, answer: Answer, plan: str) -> Json:
    said = answer.tokens + count(plan)
    used = {"input_tokens": read, "output_tokens": said}
    return {"billed_units": used, "tokens": used, "cached_tokens": 0}


def _message(seed: bytes, answer: Answer, plan: str) -> Json:
    if not answer.calls:
        return {"role": "assistant", "content": [{"type": "text", "text": answer.text}]}
    calls = [_called(seed, call, call.encoded) for call in answer.calls]
    return {"role": "assistant", "tool_plan": plan, "tool_calls": calls}


def _called(seed: bytes, call: ToolCall, arguments: str) -> Json:
    identity = f"{call.name}_{base62_id(seed, f'tool {call.number}', 12).lower()}"
    function = {"name": call.name, "arguments": arguments}
    return {"id": identity, "type": "function", "function": function}


def _events(seed: bytes, answer: Answer, plan: str, end: Json) -> Iterator[Json]:
    opening = {"role": "assistant", "content": [], "tool_plan": "", "tool_calls": []}
    identity = uuid_id(seed, "answer")
    yield {"type": "message-start", "id": identity, "delta": {"message": opening}}
    draw = Draw(seed, "pieces")
    for piece in pieces(plan, draw):
        yield {"type": "tool-plan-delta", "delta": {"message": {"tool_plan": piece}}}
    for call in answer.calls:
        yield from _call_events(seed, call, draw)
    if not answer.calls:
        yield from _text_events(answer.text, draw)
    yield {"type": "message-end", "id": identity, "delta": end}


def _call_events(seed: bytes, call: ToolCall, draw: Draw) -> Iterator[Json]:
    place = {"index": call.number}
    opened = {"message": {"tool_calls": _called(seed, call, "")}}
    yield {"type": "tool-call-start", "delta": opened} | place
    for piece in pieces(call.encoded, draw):
        fragment = {"message": {"tool_calls": {"function": {"arguments": piece}}}}
        yield {"type": "tool-call-delta", "delta": fragment} | place
    yield {"type": "tool-call-end"} | place


def _text_events(text: str, draw: Draw) -> Iterator[Json]:
    opened = {"message": {"content": {"type": "text", "text": ""}}}
    yield {"type": "content-start", "index": 0, "delta": opened}
    for piece in pieces(text, draw):
        delta = {"message": {"content": {"text": piece}}}
        yield {"type": "content-delta", "index": 0, "delta": delta}
    yield {"type": "content-end", "index": 0}


def embed(call: Call, world: World) -> Reply:
    """POST /v2/embed: of texts, images or mixed inputs, in any of the number formats."""
    check_model(call.dialect, call.json.get("model"))
    inputs = [*_list(call, "texts"), *_list(call, "images"), *_list(call, "inputs")]
    if not 1 <= len(inputs) <= _MOST_TEXTS:
        raise bad_request(f"invalid request: {len(inputs)} inputs, 1 to {_MOST_TEXTS} are allowed")
    dimensions = int(call.json.get("output_dimension") or _DIMENSIONS)
    vectors = [embedding(str(given), dimensions) for given in inputs]
    kinds = call.json.get("embedding_types") or ["float"]
    images = len(_list(call, "images"))
    billed = {"input_tokens": sum(count(t) for t in _list(call, "texts"))}
    billed |= {"images": images, "image_tokens": images * _IMAGE_TOKENS} if images else {}
    return json_reply(
        {
            "id": uuid_id(call.seed, "answer"),
            "response_type": "embeddings_by_type",
            "embeddings": {kind: [_converted(v, kind) for v in vectors] for kind in kinds},
            "texts": _list(call, "texts"),
            "meta": {"api_version": {"version": "2"}, "billed_units": billed},
        }
    )


def _list(call: Call, name: str) -> list[Any]:
    given = call.json.get(name) or []
    if not isinstance(given, list):
        raise bad_request(f"invalid request: {name} must be a list")
    return given


def _converted(vector: list[float], kind: str) -> Any:
    """A vector in one of Cohere's number formats."""
    if kind == "float":
        return vector
    if kind == "base64":
        return encoded(vector)
    if kind in {"int8", "uint8"}:
        shift = 0 if kind == "int8" else 128
        return [max(-128, min(127, round(value * 127))) + shift for value in vector]
    if kind in {"binary", "ubinary"}:
        return [_packed(vector[n : n + 8], kind) for n in range(0, len(vector), 8)]
    raise bad_request(f"invalid request: {kind} is no embedding type")


def _packed(eight: list[float], kind: str) -> int:
    bits = sum(1 << (7 - place) for place, value in enumerate(eight) if value > 0)
    return bits if kind == "ubinary" else bits - 128


def rerank(call: Call, world: World) -> Reply:
    """POST /v2/rerank: documents by the words that they share with the query."""
    check_model(call.dialect, call.json.get("model"))
    query, documents = call.required("query", str), _list(call, "documents")
    if not documents:
        raise bad_request("invalid request: list of documents must not be empty")
    scores = [(_relevance(query, str(text)), -place) for place, text in enumerate(documents)]
    best = sorted(scores, reverse=True)[: int(call.json.get("top_n") or len(scores))]
    results = [{"index": -place, "relevance_score": score} for score, place in best]
    units = {"search_units": -(-len(documents) // 100)}
    meta = {"api_version": {"version": "2"}, "billed_units": units}
    return json_reply({"id": uuid_id(call.seed, "answer"), "results": results, "meta": meta})


def _relevance(query: str, text: str) -> float:
    asked, found = set(query.lower().split()), set(text.lower().split())
    shared = len(asked & found) / max(1, len(asked))
    return round(0.01 + 0.98 * shared, 6)


def models(call: Call, world: World) -> Reply:
    """GET /v1/models in Cohere's dialect."""
    return json_reply({"models": [_model(name) for name in LISTED["cohere"]]})


def model(call: Call, world: World) -> Reply:
    """GET /v1/models/{id} in Cohere's dialect."""
    return json_reply(_model(check_model(call.dialect, call.parts["id"])))


def _model(name: str) -> Json:
    endpoint = name.split("-")[0].replace("command", "chat")
    return {"name": name, "endpoints": [endpoint], "finetuned": False, "context_length": 256_000}
