"""OpenAI's older and smaller text endpoints: completions, embeddings, moderation, models."""

from collections.abc import Iterator
from typing import Any

from sim.answers import Answer, Question, compose
from sim.calls import Call
from sim.draws import Draw, base62_id, made_at
from sim.errors import bad_request, unknown_model
from sim.models import LISTED, check_model, served
from sim.replies import Reply, data_event, event_stream, json_reply
from sim.tokens import Segment, structure_row, text_row, total
from sim.vectors import embedding, encoded
from sim.wire.openai_chat import DONE, choice_count
from sim.wire.openai_prompts import limit
from sim.words import pieces
from sim.world import World

Json = dict[str, Any]
_DEFAULT_LIMIT = 16  # tokens, when a completion names none
_MOST_TEXTS = 2048
_DIMENSIONS = {"text-embedding-3-large": 3072, "gemini-embedding-001": 3072}
_CATEGORIES = (
    *("harassment", "harassment/threatening", "hate", "hate/threatening", "illicit"),
    *("illicit/violent", "self-harm", "self-harm/instructions", "self-harm/intent"),
    *("sexual", "sexual/minors", "violence", "violence/graphic"),
)
_VIOLENT_WORDS = {"kill", "murder", "attack"}


def completions(call: Call, world: World) -> Reply:
    """POST /v1/completions."""
    name = check_model(call.dialect, call.model or call.json.get("model"))
    prompt = _prompt(call)
    answers = _completed(call, len(prompt) * choice_count(call.json))
    usage = _completion_usage(prompt, answers)
    envelope = {
        "id": f"cmpl-{base62_id(call.seed, 'answer', 29)}",
        "object": "text_completion",
        "created": made_at(call.seed),
        "model": served(name),
    }
    if call.json.get("stream"):
        events = _completion_events(call, answers, envelope, usage)
        return event_stream(events, call.seed, usage["completion_tokens"])
    choices = [_completion_choice(n, a.text, _reason(a)) for n, a in enumerate(answers)]
    whole = envelope | {"choices": choices, "usage": usage}
    return json_reply(whole, output_tokens=usage["completion_tokens"])


def _prompt(call: Call) -> list[Segment]:
    """One segment for each prompt, which is a text or tokens."""
    texts = _texts(call, "prompt")
    return [Segment(text_row(t) if isinstance(t, str) else structure_row(t)) for t in texts]


def _completed(call: Call, number: int) -> list[Answer]:
    stops = call.json.get("stop") or []
    most = limit({"max_tokens": _DEFAULT_LIMIT} | call.json, "max_tokens")
    question = Question(
        call.seed, limit=most, stops=[stops] if isinstance(stops, str) else list(stops)
    )
    return [compose(question, n) for n in range(number)]


def _completion_usage(prompt: list[Segment], answers: list[Answer]) -> Json:
    said = sum(answer.tokens for answer in answers)
    asked = total(prompt)
    return {"prompt_tokens": asked, "completion_tokens": said, "total_tokens": asked + said}


def _reason(answer: Answer) -> str:
    return "length" if answer.end == "length" else "stop"


def _completion_choice(number: int, text: str, reason: str | None) -> Json:
    return {"text": text, "index": number, "logprobs": None, "finish_reason": reason}


def _completion_events(
    call: Call, answers: list[Answer], envelope: Json, usage: Json
) -> Iterator[bytes]:
    for number, answer in enumerate(answers):
        for piece in pieces(answer.text, Draw(call.seed, f"pieces {number}")):
            yield data_event(envelope | {"choices": [_completion_choice(number, piece, None)]})
        ending = _completion_choice(number, "", _reason(answer))
        yield data_event(envelope | {"choices": [ending]})
    if (call.json.get("stream_options") or {}).get("include_usage"):
        yield data_event(envelope | {"choices": [], "usage": usage})
    yield DONE


def _texts(call: Call, name: str) -> list[Any]:
    """A text, tokens, or a list of either, as a list. Raises WireError (400)."""
    given = call.required(name, (str, list))
    if isinstance(given, str) or (given and isinstance(given[0], int)):
        return [given]
    if not 1 <= len(given) <= _MOST_TEXTS:
        raise bad_request(f"Invalid '{name}': 1 to {_MOST_TEXTS} items.", param=name)
    return list(given)


def embeddings(call: Call, world: World) -> Reply:
    """POST /v1/embeddings."""
    model = check_model(call.dialect, call.model or call.json.get("model"))
    dimensions = limit({"dimensions": _DIMENSIONS.get(model, 1536)} | call.json, "dimensions")
    texts = _texts(call, "input")
    is_encoded = call.json.get("encoding_format") == "base64"
    data = []
    for number, text in enumerate(texts):
        vector = embedding(text if isinstance(text, str) else str(text), dimensions)
        shown = encoded(vector) if is_encoded else vector
        data.append({"object": "embedding", "index": number, "embedding": shown})
    used = sum(_embedded_tokens(text) for text in texts)
    usage = {"prompt_tokens": used, "total_tokens": used}
    return json_reply({"object": "list", "data": data, "model": served(model), "usage": usage})


def _embedded_tokens(text: Any) -> int:
    """Of a list of token numbers, each is a token."""
    return len(text) if isinstance(text, list) else Segment(text_row(str(text))).count


def moderations(call: Call, world: World) -> Reply:
    """POST /v1/moderations."""
    model = check_model(call.dialect, call.json.get("model") or "omni-moderation-latest")
    results = [_moderated(str(text)) for text in _texts(call, "input")]
    identity = f"modr-{base62_id(call.seed, 'answer', 29)}"
    return json_reply({"id": identity, "model": served(model), "results": results})


def _moderated(text: str) -> Json:
    is_violent = not _VIOLENT_WORDS.isdisjoint(text.lower().split())
    draw = Draw(text.encode(), "moderation")
    scores = {name: draw.below(1000) / 1_000_000 for name in _CATEGORIES}
    scores["violence"] = 0.97 if is_violent else scores["violence"]
    return {
        "flagged": is_violent,
        "categories": {name: score > 0.5 for name, score in scores.items()},
        "category_scores": scores,
        "category_applied_input_types": {name: ["text"] for name in _CATEGORIES},
    }


def models(call: Call, world: World) -> Reply:
    """GET /v1/models."""
    return json_reply({"object": "list", "data": [_model(name) for name in LISTED["openai"]]})


def model(call: Call, world: World) -> Reply:
    """GET /v1/models/{id}."""
    name = call.parts["id"]
    if name not in LISTED["openai"]:
        raise unknown_model(name)
    return json_reply(_model(name))


def _model(name: str) -> Json:
    created = made_at(name.encode())
    return {"id": name, "object": "model", "created": created, "owned_by": "simulator"}
