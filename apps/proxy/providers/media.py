"""OpenAI's images and audio: JSON or forms in, JSON, events or bare sound out."""

from dataclasses import replace
from math import ceil
from typing import Any

import orjson

from apps.kernel.tokens import TokenBuckets
from apps.proxy.providers import multipart
from apps.proxy.providers.dialect import header_of, json_object
from apps.proxy.providers.facts import Endpoint, Headers, MalformedRequest, RequestFacts
from apps.proxy.providers.openai_errors import OpenAIDialect, OpenAIReader
from apps.proxy.providers.openai_usage import read_usage
from apps.proxy.providers.tally import byte_length, count, name_of, table_of
from apps.proxy.providers.wire import limit_of

_FORM = "multipart/form-data"
_NO_MODEL = "The form names no model. Add a field `model`."
# Events of which each carries an image or a piece of sound, and nothing to count.
_SILENT = ("partial_image", "audio.delta")


class MediaReader(OpenAIReader):
    """An answer whose tokens are of the endpoint's own kind: images, or sound."""

    def __init__(self, endpoint: Endpoint, facts: RequestFacts) -> None:
        super().__init__(facts)
        self._endpoint = endpoint
        if endpoint.name == "audio.speech":
            self.tally.units["characters"] = _spoken_characters(facts)

    def read(self, name: bytes, data: bytes) -> bool:
        """Text counts; the last event has the usage."""
        if not name.decode("latin-1").endswith(_SILENT):
            self._read_event(orjson.loads(data))
        return False

    def _read_event(self, event: dict[str, Any]) -> None:
        kind = str(event.get("type"))
        if event.get("error"):
            self.read_failure(event)
        elif kind.endswith(".delta"):
            self.tally.see_text(event.get("delta"))
        elif kind.endswith((".completed", ".done")):
            self._read_usage(event.get("usage"))
            self.tally.is_complete = True
            if self._endpoint.kind == "image":
                self.tally.units["images"] = self.tally.units.get("images", 0) + 1

    def read_answer(self, document: Any) -> None:
        """Images or a transcript."""
        if document.get("error"):
            self.read_failure(document)
        self.tally.name_answer(document.get("model"), document.get("id"))
        self.tally.see_text(document.get("text"))
        if self._endpoint.kind == "image":
            self.tally.units["images"] = len(document.get("data") or ())
        seconds = table_of(document.get("usage")).get("seconds") or document.get("duration")
        if isinstance(seconds, int | float) and 0 < seconds < 10**9:
            self.tally.units["seconds"] = ceil(seconds)
        self._read_usage(document.get("usage"))

    def _read_usage(self, usage: Any) -> None:
        buckets = read_usage(usage)
        if buckets is not None:
            has_details = isinstance(usage.get("output_tokens_details"), dict)
            self.tally.usage = buckets if has_details else self._own_kind(buckets)

    def _own_kind(self, buckets: TokenBuckets) -> TokenBuckets:
        """Output without details is what the endpoint makes."""
        if self._endpoint.kind == "image":
            return replace(buckets, output=0, output_image=buckets.output)
        if self._endpoint.name == "audio.speech":
            return replace(buckets, output=0, output_audio=buckets.output)
        return buckets


class Media(OpenAIDialect):
    """`/v1/images/…` and `/v1/audio/…`."""

    name = "media"

    def read_request(self, endpoint: Endpoint, headers: Headers, body: bytes) -> RequestFacts:
        """Raises MalformedRequest when it is neither JSON nor a form, or audio names no model.

        An empty `body` is that of a form too large to hold, of which nothing is known.
        """
        content_type = header_of(headers, b"content-type") or "application/json"
        if content_type.lower().startswith(_FORM):
            return _form_facts(endpoint, content_type, body)
        return _json_facts(endpoint, json_object(body))

    def prepare(
        self,
        body: bytes,
        facts: RequestFacts,
        *,
        model: str | None = None,
        needs_usage: bool = False,
    ) -> bytes:
        """A form has its model cut out and replaced like JSON has."""
        if not facts.content_type.lower().startswith(_FORM):
            return super().prepare(body, facts, model=model)
        if model is None or model == facts.model:
            return body
        spans = [f for f in multipart.fields(facts.content_type, body) if f.name == "model"]
        for span in reversed(spans):
            body = body[: span.start] + model.encode() + body[span.end :]
        return body

    def reader(self, endpoint: Endpoint, facts: RequestFacts, *, strip_usage: bool) -> MediaReader:
        """There is nothing to strip."""
        return MediaReader(endpoint, facts)


def _spoken_characters(facts: RequestFacts) -> int:
    text = table_of(facts.document).get("input")
    return len(text) if isinstance(text, str) else 0


def _json_facts(endpoint: Endpoint, document: dict[str, Any]) -> RequestFacts:
    texts = [document.get(key) for key in ("prompt", "input", "instructions")]
    is_events = document.get("stream_format") == "sse"
    return RequestFacts(
        model=endpoint.model or name_of(document.get("model")),
        is_stream=document.get("stream") is True or is_events,
        choice_count=limit_of(document, "n") or 1,
        end_user=name_of(document.get("user")),
        prompt_text_bytes=sum(byte_length(text) for text in texts if isinstance(text, str)),
        content_type="application/json",
        document=document,
    )


def _form_facts(endpoint: Endpoint, content_type: str, body: bytes) -> RequestFacts:
    found = multipart.fields(content_type, body)
    model = endpoint.model or name_of(multipart.value_of(found, body, "model"))
    if model is None and endpoint.kind == "audio" and body:
        raise MalformedRequest(_NO_MODEL, "model")
    number = multipart.value_of(found, body, "n") or ""
    return RequestFacts(
        model=model,
        is_stream=(multipart.value_of(found, body, "stream") or "").lower() in ("true", "1"),
        choice_count=count(int(number)) or 1 if number.isdecimal() and len(number) < 5 else 1,
        end_user=name_of(multipart.value_of(found, body, "user")),
        prompt_text_bytes=byte_length(multipart.value_of(found, body, "prompt") or ""),
        image_count=sum(f.is_file and f.name.startswith("image") for f in found),
        content_type=content_type,
    )
