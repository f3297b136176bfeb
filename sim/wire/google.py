"""Google's Gemini API: content, whole or streamed, token counts, embeddings and models."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import orjson

from sim.answers import Answer, compose
from sim.calls import Call
from sim.draws import Draw, base62_id
from sim.errors import bad_request, not_found
from sim.models import LISTED, check_model
from sim.replies import Reply, data_event, event_stream, json_reply
from sim.tokens import Segment, count, total
from sim.vectors import embedding
from sim.wire import google_prompts as prompts
from sim.words import pieces
from sim.world import World

Json = dict[str, Any]
_DIMENSIONS = 3072
_PIECES_OF_CHUNK = 3
_REASONS = {"stop": "STOP", "sequence": "STOP", "tools": "STOP", "length": "MAX_TOKENS"}
_MODALITIES = {"text": "TEXT", "image": "IMAGE", "audio": "AUDIO"}


def generate(call: Call, world: World) -> Reply:
    """POST /v1beta/models/{model}:generateContent."""
    answers, segments, cached = _answered(call, world)
    candidates = [
        _candidate(number, _parts(answer, call), _REASONS[answer.end])
        for number, answer in enumerate(answers)
    ]
    said = sum(count_said(answer) for answer in answers)
    thought = sum(answer.thinking_tokens for answer in answers)
    usage = _usage(segments, cached, said, thought)
    return json_reply(_response(call, candidates, usage), output_tokens=said + thought)


def stream(call: Call, world: World) -> Reply:
    """POST /v1beta/models/{model}:streamGenerateContent, as events or as one JSON array."""
    answers, segments, cached = _answered(call, world)
    tokens = sum(answer.tokens for answer in answers)
    responses = list(_chunks(call, answers, segments, cached))
    if call.query.get("alt") == "sse":
        return event_stream(map(data_event, responses), call.seed, tokens)
    return _array(responses, tokens)


def _array(responses: list[Json], tokens: int) -> Reply:
    """One JSON array, an element in each chunk; an error would be its last element."""
    separators = [b"[", *[b",\r\n"] * (len(responses) - 1)]
    elements = [s + orjson.dumps(r) for s, r in zip(separators, responses, strict=True)]
    error = {"code": 503, "message": "The server is overloaded.", "status": "UNAVAILABLE"}
    reply = Reply([*elements, b"\n]\n"], is_stream=True, output_tokens=tokens)
    return replace(reply, error_event=b",\r\n" + orjson.dumps({"error": error}) + b"\n]\n")


def _answered(call: Call, world: World) -> tuple[list[Answer], list[Segment], int]:
    model = check_model(call.dialect, call.parts["model"])
    segments, question = prompts.segments(call.json), prompts.question(call)
    answers = [compose(question, number) for number in range(prompts.choices(call.json))]
    if not world.habits.overruled(call.headers).is_caching:
        return answers, segments, 0
    return answers, segments, world.cache.automatic(f"{call.api_key}\n{model}", segments).read


def count_said(answer: Answer) -> int:
    """Tokens of the answer itself, which Google counts apart from thoughts."""
    return answer.tokens - answer.thinking_tokens


def _parts(answer: Answer, call: Call) -> list[Json]:
    said: list[Json] = [{"text": answer.text}] if not answer.calls else []
    for tool in answer.calls:
        identity = base62_id(call.seed, f"tool {tool.number}", 8)
        called = {"id": identity, "name": tool.name, "args": tool.arguments}
        said.append({"functionCall": called})
    return [*_thoughts(answer, call), *said]


def _thoughts(answer: Answer, call: Call) -> list[Json]:
    is_shown = answer.thinking and prompts.shows_thoughts(call.json)
    return [{"text": answer.thinking, "thought": True}] if is_shown else []


def _candidate(number: int, parts: list[Json], reason: str | None) -> Json:
    ending = {"finishReason": reason} if reason else {}
    return {"content": {"parts": parts, "role": "model"}, "index": number} | ending


def _response(call: Call, candidates: list[Json], usage: Json) -> Json:
    return {
        "candidates": candidates,
        "usageMetadata": usage,
        "modelVersion": call.parts["model"],
        "responseId": base62_id(call.seed, "answer", 22),
    }


def _usage(segments: list[Segment], cached: int, said: int, thought: int) -> Json:
    """Google's usage: the cached tokens are among the prompt's, thoughts are apart."""
    prompt = total(segments)
    usage = {
        "promptTokenCount": prompt,
        "candidatesTokenCount": said,
        "totalTokenCount": prompt + said + thought,
        "promptTokensDetails": _details(segments),
    }
    if cached:
        details = [{"modality": "TEXT", "tokenCount": cached}]
        usage |= {"cachedContentTokenCount": cached, "cacheTokensDetails": details}
    return usage | ({"thoughtsTokenCount": thought} if thought else {})


def _details(segments: list[Segment]) -> list[Json]:
    counts = {name: total(segments, kind) for kind, name in _MODALITIES.items()}
    return [{"modality": name, "tokenCount": n} for name, n in counts.items() if n]


def _chunks(
    call: Call, answers: list[Answer], segments: list[Segment], cached: int
) -> Iterator[Json]:
    """Parts as they come; each chunk says what was used so far, the last one all of it."""
    said = thought = 0
    for number, answer in enumerate(answers):
        thought += answer.thinking_tokens
        parts = [*_thoughts(answer, call), *_spoken(answer, call, number)]
        for place, part in enumerate(parts, 1):
            is_last = place == len(parts)
            reason = _REASONS[answer.end] if is_last else None
            partly = 0 if is_last else min(count_said(answer), place)
            now = said + (count_said(answer) if is_last else partly)
            usage = _usage(segments, cached, now, thought)
            yield _response(call, [_candidate(number, [part], reason)], usage)
        said += count_said(answer)


def _spoken(answer: Answer, call: Call, number: int) -> list[Json]:
    if answer.calls:
        return [part for part in _parts(answer, call) if "functionCall" in part]
    cut = list(pieces(answer.text, Draw(call.seed, f"pieces {number}")))
    starts = range(0, len(cut), _PIECES_OF_CHUNK)
    return [{"text": "".join(cut[n : n + _PIECES_OF_CHUNK])} for n in starts] or [{"text": ""}]


def count_tokens(call: Call, world: World) -> Reply:
    """POST /v1beta/models/{model}:countTokens."""
    check_model(call.dialect, call.parts["model"])
    request = prompts.field(call.json, "generateContentRequest") or call.json
    segments = prompts.segments(request)
    found = {"totalTokens": total(segments), "promptTokensDetails": _details(segments)}
    return json_reply(found)


def embed(call: Call, world: World) -> Reply:
    """POST /v1beta/models/{model}:embedContent."""
    check_model(call.dialect, call.parts["model"])
    vector, tokens = _embedded(call.json)
    usage = {"promptTokenCount": tokens, "totalTokenCount": tokens}
    return json_reply({"embedding": vector, "usageMetadata": usage})


def embed_batch(call: Call, world: World) -> Reply:
    """POST /v1beta/models/{model}:batchEmbedContents."""
    check_model(call.dialect, call.parts["model"])
    embedded = [_embedded(request) for request in call.required("requests", list)]
    tokens = sum(used for _, used in embedded)
    usage = {"promptTokenCount": tokens, "totalTokenCount": tokens}
    return json_reply({"embeddings": [vector for vector, _ in embedded], "usageMetadata": usage})


def _embedded(request: Any) -> tuple[Json, int]:
    content = prompts.field(request, "content")
    if not isinstance(content, dict):
        raise bad_request("* EmbedContentRequest.content: content is empty")
    config = prompts.field(request, "embedContentConfig") or request
    dimensions = prompts.field(config, "outputDimensionality") or _DIMENSIONS
    text = " ".join(str(part.get("text", "")) for part in content.get("parts") or ())
    return {"values": embedding(text, int(dimensions))}, count(text)


def models(call: Call, world: World) -> Reply:
    """GET /v1beta/models."""
    return json_reply({"models": [_model(name) for name in LISTED["google"]]})


def model(call: Call, world: World) -> Reply:
    """GET /v1beta/models/{model}."""
    if call.parts["model"] not in LISTED["google"]:
        raise not_found("model", call.parts["model"])
    return json_reply(_model(call.parts["model"]))


def _model(name: str) -> Json:
    methods = ["embedContent"] if "embedding" in name else ["generateContent", "countTokens"]
    return {
        "name": f"models/{name}",
        "version": "001",
        "displayName": name.replace("-", " ").title(),
        "inputTokenLimit": 1_048_576,
        "outputTokenLimit": 65_536,
        "supportedGenerationMethods": methods,
    }
