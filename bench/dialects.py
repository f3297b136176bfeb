"""What reading costs: microseconds for each event of a stream and for each body of a request.

The baseline of a stream is parsing the JSON of each event and nothing else; that of a request is
parsing its body. One text in six holds an escape, as in prose with a few line ends and quotes.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from timeit import repeat

import orjson

from apps.proxy.providers.dialect import SSE
from apps.proxy.providers.facts import Endpoint, RequestFacts
from apps.proxy.providers.paths import endpoint_of
from apps.proxy.providers.registry import dialect_of
from bench.rows import Row

_EVENTS = 1000
_WORDS = ("the ", "quick ", "brown ", "fox ", "jumps", "über\n")
_ENVELOPE = {
    "id": "chatcmpl-BcVeb6D4t6CKCkWNPcXWkEcXQyyCr",
    "object": "chat.completion.chunk",
    "created": 1_760_000_000,
    "model": "gpt-5-2026-01-01",
    "service_tier": "default",
    "system_fingerprint": "fp_51e1070cf2",
}


def run(quick: bool) -> list[Row]:
    """Streams at one event a chunk, then requests of 1,000 and 100,000 tokens."""
    rounds = 3 if quick else 20
    return [*_streams(rounds), *_requests(rounds)]


def _streams(rounds: int) -> list[Row]:
    rows = []
    for path, chunks in _STREAMS.items():
        stream = _Stream(endpoint_of("POST", path), chunks)
        parsed, relayed = (_best(act, rounds) / _EVENTS for act in (stream.parse, stream.relay))
        ways: dict[str, Callable[[], object]] = {"": stream.watch}
        if stream.endpoint.name == "chat.completions":
            ways[", usage stripped"] = partial(stream.watch, strips=True)
        for way, watch in ways.items():
            figure = f"{stream.endpoint.name}: watch an event{way}"
            rows.append(Row(figure, _best(watch, rounds) / _EVENTS, "us", parsed))
        rows.append(Row(f"{stream.endpoint.name}: no watching", relayed, "us", parsed))
    return rows


@dataclass(frozen=True)
class _Stream:
    """A stream of one event a chunk, and three ways to let it pass."""

    endpoint: Endpoint
    chunks: list[bytes]

    def watch(self, *, strips: bool = False) -> None:
        dialect = dialect_of(self.endpoint)
        facts = RequestFacts(model="m", is_stream=True)
        watcher = dialect.watcher(self.endpoint, facts, SSE, strip_usage=strips)
        for chunk in self.chunks:
            watcher.feed(chunk)

    def parse(self) -> None:
        for chunk in self.chunks:
            orjson.loads(chunk[chunk.index(b"data: ") + 6 :])

    def relay(self) -> None:
        for chunk in self.chunks:
            _pass(chunk)


def _pass(chunk: bytes) -> bytes:
    return chunk


def _requests(rounds: int) -> list[Row]:
    return [
        row
        for tokens in (1_000, 100_000)
        for path in ("/v1/chat/completions", "/v1/messages")
        for row in _request_rows(endpoint_of("POST", path), tokens, rounds)
    ]


def _request_rows(endpoint: Endpoint, tokens: int, rounds: int) -> list[Row]:
    dialect, body = dialect_of(endpoint), _request(tokens)
    facts = dialect.read_request(endpoint, (), body)
    parsed = _best(partial(orjson.loads, body), rounds)
    acts: dict[str, Callable[[], object]] = {
        "read": partial(dialect.read_request, endpoint, (), body),
        "ask for usage": partial(dialect.prepare, body, facts, needs_usage=True),
        "replace the model": partial(dialect.prepare, body, facts, model="other"),
    }
    return [
        Row(f"{endpoint.name}, {tokens} tokens: {figure}", _best(act, rounds), "us", parsed)
        for figure, act in acts.items()
    ]


def _best(act: Callable[[], object], rounds: int) -> float:
    return min(repeat(act, number=1, repeat=rounds * 5)) * 1e6


def _event(name: str, document: dict[str, object]) -> bytes:
    start = f"event: {name}\n" if name else ""
    return start.encode() + b"data: " + orjson.dumps(document) + b"\n\n"


def _texts() -> list[str]:
    return [_WORDS[number % len(_WORDS)] for number in range(_EVENTS)]


def _chat() -> list[bytes]:
    return [
        _event(
            "",
            {
                **_ENVELOPE,
                "choices": [
                    {
                        "index": 0,
                        "delta": {"content": text},
                        "logprobs": None,
                        "finish_reason": None,
                    }
                ],
                "usage": None,
                "obfuscation": "aB3dE9xYz"[: number % 9],
            },
        )
        for number, text in enumerate(_texts())
    ]


def _messages() -> list[bytes]:
    kind = "content_block_delta"
    return [
        _event(kind, {"type": kind, "index": 0, "delta": {"type": "text_delta", "text": text}})
        for text in _texts()
    ]


def _responses() -> list[bytes]:
    kind = "response.output_text.delta"
    return [
        _event(
            kind,
            {
                "type": kind,
                "sequence_number": number,
                "item_id": "msg_68a1",
                "output_index": 0,
                "content_index": 0,
                "delta": text,
                "logprobs": [],
                "obfuscation": "aB3dE9xYz"[: number % 9],
            },
        )
        for number, text in enumerate(_texts())
    ]


def _gemini() -> list[bytes]:
    return [
        _event(
            "",
            {
                "candidates": [
                    {"content": {"parts": [{"text": text}], "role": "model"}, "index": 0}
                ],
                "usageMetadata": {"promptTokenCount": 9, "candidatesTokenCount": number},
                "modelVersion": "gemini-3-pro",
                "responseId": "r-1",
            },
        )
        for number, text in enumerate(_texts())
    ]


_STREAMS = {
    "/v1/chat/completions": _chat(),
    "/v1/messages": _messages(),
    "/v1/responses": _responses(),
    "/v1beta/models/gemini-3-pro:streamGenerateContent": _gemini(),
}


def _request(tokens: int) -> bytes:
    """About so many tokens of prose in ten messages."""
    prose = 'The quick brown fox jumps over the lazy dog, and says "hello".\n'
    content = prose * (tokens * 4 // len(prose) // 10)
    messages = [{"role": "user", "content": content} for _ in range(10)]
    return orjson.dumps({"messages": messages, "model": "gpt-5", "stream": True, "max_tokens": 9})
