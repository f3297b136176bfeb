"""OpenAI's Realtime API in text: a session over a WebSocket that says back what it was told."""

from collections.abc import Iterator
from typing import Any

from sim.draws import Draw, base62_id
from sim.tokens import Segment, structure_row, text_row, total
from sim.wire.openai_prompts import content_segments
from sim.words import pieces, prose

Json = dict[str, Any]


class Session:
    """One conversation: takes the client's events, gives the server's."""

    def __init__(self, model: str, seed: bytes) -> None:
        self._model = model
        self._seed = seed
        self._number = 0
        self._items: list[Json] = []
        self._settings: Json = {"instructions": "", "output_modalities": ["text"]}

    def opening(self) -> list[Json]:
        """What the server says first."""
        return [self._event("session.created", session=self._session())]

    def take(self, event: Json) -> list[Json]:
        """The server's events in answer to one of the client's."""
        kind = event.get("type")
        if kind == "session.update":
            self._settings |= event.get("session") or {}
            return [self._event("session.updated", session=self._session())]
        if kind == "conversation.item.create" and isinstance(event.get("item"), dict):
            return self._added(event["item"])
        if kind == "response.create":
            return list(self._response(event.get("response") or {}))
        if kind in {"input_audio_buffer.append", "input_audio_buffer.clear", "response.cancel"}:
            return []
        return [self.refusal(f"Invalid value: '{kind}'.")]

    def refusal(self, message: str) -> Json:
        """The error event for something that makes no sense."""
        error = {"type": "invalid_request_error", "code": "invalid_value", "message": message}
        return self._event("error", error=error | {"param": "type", "event_id": None})

    def _session(self) -> Json:
        identity = f"sess_{base62_id(self._seed, 'session')}"
        fixed = {"id": identity, "object": "realtime.session", "type": "realtime"}
        return self._settings | fixed | {"model": self._model}

    def _event(self, kind: str, **fields: Any) -> Json:
        self._number += 1
        identity = f"event_{base62_id(self._seed, f'event {self._number}')}"
        return {"type": kind, "event_id": identity} | fields

    def _id(self, prefix: str) -> str:
        return f"{prefix}_{base62_id(self._seed, f'{prefix} {len(self._items)}')}"

    def _added(self, item: Json) -> list[Json]:
        previous = self._items[-1]["id"] if self._items else None
        fixed = {"object": "realtime.item", "status": "completed"}
        item = {"id": self._id("item")} | item | fixed
        self._items.append(item)
        fields = {"previous_item_id": previous, "item": item}
        kinds = ("conversation.item.added", "conversation.item.done")
        return [self._event(kind, **fields) for kind in kinds]

    def _response(self, options: Json) -> Iterator[Json]:
        said, read = self._said(), total(self._prompt())
        place: Json = {"response_id": self._id("resp"), "output_index": 0}
        begun = self._status(place["response_id"], "in_progress", [], None)
        yield self._event("response.created", response=begun)
        item = {"id": self._id("item"), "type": "message", "role": "assistant", "content": []}
        opened = item | {"object": "realtime.item", "status": "in_progress"}
        yield self._event("response.output_item.added", **place, item=opened)
        yield from self._text_events(said, place | {"item_id": item["id"], "content_index": 0})
        finished = item | {"content": [{"type": "output_text", "text": said}]}
        yield from self._added(finished)
        yield self._event("response.output_item.done", **place, item=self._items[-1])
        usage = _usage(read, Segment(text_row(said)).count)
        ended = self._status(place["response_id"], "completed", [self._items[-1]], usage)
        yield self._event("response.done", response=ended | {"metadata": options.get("metadata")})

    def _text_events(self, said: str, place: Json) -> Iterator[Json]:
        empty = {"type": "text", "text": ""}
        yield self._event("response.content_part.added", **place, part=empty)
        for piece in pieces(said, Draw(self._seed, f"pieces {len(self._items)}")):
            yield self._event("response.output_text.delta", **place, delta=piece)
        yield self._event("response.output_text.done", **place, text=said)
        yield self._event("response.content_part.done", **place, part=empty | {"text": said})

    def _said(self) -> str:
        """The last thing that the user said, else something."""
        for item in reversed(self._items):
            texts = [str(part.get("text") or "") for part in item.get("content") or ()]
            if item.get("role") == "user" and any(texts):
                return "".join(texts)
        return prose(Draw(self._seed, "answer"))

    def _prompt(self) -> Iterator[Segment]:
        yield Segment(text_row(str(self._settings.get("instructions") or "")))
        for item in self._items:
            if item.get("type") == "message":
                yield from content_segments(item.get("content"), "item")
            else:
                yield Segment(structure_row(item))

    def _status(self, identity: str, status: str, output: list[Json], usage: Json | None) -> Json:
        fixed = {"object": "realtime.response", "status_details": None}
        varying = {"id": identity, "status": status, "output": output, "usage": usage}
        return fixed | varying | {"output_modalities": ["text"]}


def _usage(read: int, said: int) -> Json:
    cached = {"text_tokens": 0, "audio_tokens": 0, "image_tokens": 0}
    kinds = {"audio_tokens": 0, "image_tokens": 0, "cached_tokens": 0}
    details = {"text_tokens": read, "cached_tokens_details": cached}
    return {
        "total_tokens": read + said,
        "input_tokens": read,
        "output_tokens": said,
        "input_token_details": kinds | details,
        "output_token_details": {"text_tokens": said, "audio_tokens": 0},
    }
