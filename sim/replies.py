"""An answer before it is sent: all of it is known, as it follows from the request."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import orjson

from sim.draws import Draw

EVENT_STREAM = "text/event-stream; charset=utf-8"
JSON = "application/json"


@dataclass(frozen=True)
class Reply:
    """Status, bytes and headers. A stream's chunks are sent one by one, a body's as one."""

    chunks: list[bytes]
    status: int = 200
    content_type: str = JSON
    is_stream: bool = False
    headers: dict[str, str] = field(default_factory=dict)
    output_tokens: int = 0
    error_event: bytes = b""  # how this stream says that it failed, if not as its dialect does

    @property
    def body(self) -> bytes:
        return b"".join(self.chunks)


def json_reply(value: Any, *, status: int = 200, output_tokens: int = 0) -> Reply:
    """One JSON document."""
    return Reply([orjson.dumps(value)], status=status, output_tokens=output_tokens)


def event_stream(events: Iterable[bytes], seed: bytes, output_tokens: int) -> Reply:
    """Server-sent events, of which some are cut in two, where they can inside a character."""
    draw = Draw(seed, "cuts")
    chunks = [part for event in events for part in _cut(event, draw)]
    return Reply(chunks, content_type=EVENT_STREAM, is_stream=True, output_tokens=output_tokens)


def data_event(value: Any) -> bytes:
    """An event without a name, as OpenAI and Google write it."""
    return b"data: " + orjson.dumps(value) + b"\n\n"


def named_event(value: dict[str, Any]) -> bytes:
    """An event named by its own `type`, as Anthropic, Cohere and the Responses API write it."""
    return b"event: " + str(value["type"]).encode() + b"\n" + data_event(value)


def _cut(event: bytes, draw: Draw) -> list[bytes]:
    if draw.below(8):
        return [event]
    inside = next((n + 1 for n, byte in enumerate(event) if byte >= 0xC2), len(event) // 2)
    return [event[:inside], event[inside:]]
