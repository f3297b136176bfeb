"""OpenAI's Responses. Source: the types of openai-python 3.54, types/responses."""

from typing import Any

import orjson

from apps.proxy.providers.dialect import json_object
from apps.proxy.providers.facts import Endpoint, Headers, RequestFacts
from apps.proxy.providers.openai_errors import OpenAIDialect
from apps.proxy.providers.openai_usage import read_usage
from apps.proxy.providers.prompt_size import measure_prompt
from apps.proxy.providers.tally import count, name_of, rows_of, table_of
from apps.proxy.providers.wire import Reader, limit_of, model_of

PROMPT = ("instructions", "input", "tools", "text", "prompt")
_ENDS = ("response.completed", "response.incomplete", "response.failed")
_TOLD = frozenset(kind.encode() for kind in (*_ENDS, "response.created", "error"))
_DELTA = b'"delta":"'
_TEXTS = ("text", "refusal", "arguments", "input", "transcript")


class ResponseReader(Reader):
    """A response, whole or as typed events."""

    def __init__(self, facts: RequestFacts) -> None:
        super().__init__(facts)
        self._last = b""

    def read(self, name: bytes, data: bytes) -> bool:
        """Only deltas (for their text) and what carries a whole response are parsed."""
        self._last = data
        if name.endswith(b".delta") and (text_bytes := _delta_bytes(name, data)) >= 0:
            self.tally.output_bytes += text_bytes
        elif not name or name.endswith(b".delta") or name in _TOLD:
            self._read_event(orjson.loads(data))
        return False

    def _read_event(self, event: dict[str, Any]) -> None:
        kind = str(event.get("type"))
        if kind.endswith(".delta"):
            self.tally.see_text(event.get("delta") if kind != "response.audio.delta" else None)
        elif kind in _ENDS:
            self._read_response(table_of(event.get("response")))
            self.tally.is_complete = True
        elif kind == "error":
            self.tally.fail(event.get("code") or table_of(event.get("error")).get("code"))
        else:
            self._read_origin(table_of(event.get("response")))

    def read_answer(self, document: Any) -> None:
        """A whole response, a compaction, or an error."""
        if document.get("error") and "status" not in document:
            self.read_failure(document)
            return
        self._read_response(document)
        for item in rows_of(document.get("output")):
            parts = [*rows_of(item.get("content")), *rows_of(item.get("summary")), item]
            self.tally.see_text(*(part.get(key) for part in parts for key in _TEXTS))

    def _read_response(self, response: dict[str, Any]) -> None:
        self._read_origin(response)
        self.tally.usage = read_usage(response.get("usage")) or self.tally.usage
        self._read_units(table_of(response.get("tool_usage")))
        reason = table_of(response.get("incomplete_details")).get("reason")
        self.tally.finish(0, reason or response.get("status"))
        if response.get("error"):
            self.read_failure(response)

    def _read_origin(self, response: dict[str, Any]) -> None:
        self.tally.name_answer(response.get("model"), response.get("id"))
        tier = name_of(response.get("service_tier"))
        self.tally.service_tier = tier or self.tally.service_tier

    def _read_units(self, tools: dict[str, Any]) -> None:
        """Tools are billed beside the model's own tokens, images at a model of their own."""
        image = table_of(tools.get("image_gen"))
        found = {
            "web_search_requests": count(table_of(tools.get("web_search")).get("num_requests")),
            "image_tool_input_tokens": count(image.get("input_tokens")),
            "image_tool_output_tokens": count(image.get("output_tokens")),
        }
        self.tally.units.update((name, number) for name, number in found.items() if number)

    def error_event(self, code: str, message: str, *, request_id: str) -> bytes:
        """`event: error`, numbered after the last event that passed."""
        return _error_event(code, message, self._number() + 1)

    def _number(self) -> int:
        try:
            return count(orjson.loads(self._last).get("sequence_number"))
        except (ValueError, AttributeError):
            return -1


class OpenAIResponses(OpenAIDialect):
    """`/v1/responses` and `/v1/responses/compact`."""

    name = "openai_responses"

    def read_request(self, endpoint: Endpoint, headers: Headers, body: bytes) -> RequestFacts:
        """A stored prompt may name the model, so it is missed only where there is none."""
        document = json_object(body)
        has_template = isinstance(document.get("prompt"), dict)
        model = name_of(document.get("model")) if has_template else model_of(endpoint, document)
        text_bytes, image_count = measure_prompt(document.get(key) for key in PROMPT)
        return RequestFacts(
            model=model,
            is_stream=document.get("stream") is True,
            max_output_tokens=limit_of(document, "max_output_tokens"),
            end_user=name_of(document.get("safety_identifier")) or name_of(document.get("user")),
            prompt_text_bytes=text_bytes,
            image_count=image_count,
            has_tools=bool(document.get("tools")),
            service_tier=name_of(document.get("service_tier")),
            content_type="application/json",
            document=document,
        )

    def reader(
        self, endpoint: Endpoint, facts: RequestFacts, *, strip_usage: bool
    ) -> ResponseReader:
        """Usage comes unasked, so nothing is stripped."""
        return ResponseReader(facts)

    def error_event(self, code: str, message: str, *, request_id: str) -> bytes:
        """`event: error` of a stream that had not begun; a watcher knows the next number."""
        return _error_event(code, message, 0)


def _delta_bytes(name: bytes, data: bytes) -> int:
    """Bytes of a delta's text without parsing it; -1 when it must be parsed."""
    if name == b"response.audio.delta":
        return 0
    start = data.find(_DELTA) + len(_DELTA)
    stop = data.find(b'"', start)
    if start < len(_DELTA) or data.find(b"\\", start, stop) >= 0:
        return -1
    return stop - start


def _error_event(code: str, message: str, number: int) -> bytes:
    event = {
        "type": "error",
        "code": code,
        "message": message,
        "param": None,
        "sequence_number": number,
    }
    return b"event: error\ndata: " + orjson.dumps(event) + b"\n\n"
