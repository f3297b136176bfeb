"""Cohere's second API: chat, embed, rerank. Source: the types of cohere-python 7.3."""

from typing import Any

import orjson

from apps.kernel.tokens import TokenBuckets
from apps.proxy.providers.dialect import json_error
from apps.proxy.providers.facts import Endpoint, Header, RequestFacts
from apps.proxy.providers.openai_usage import read_usage as read_openai_usage
from apps.proxy.providers.prompt_size import measure_prompt
from apps.proxy.providers.tally import count, name_of, rows_of, shares, table_of
from apps.proxy.providers.wire import JsonDialect, Reader, limit_of, model_of

PROMPT = ("messages", "documents", "tools", "response_format", "texts", "inputs", "images", "query")
_UNITS = ("search_units", "classifications", "images", "pages")


class CohereReader(Reader):
    """A chat answer, whole or as events; vectors; a ranking."""

    def read(self, name: bytes, data: bytes) -> bool:
        """One event, named in its `type` too."""
        if data.startswith(b"[DONE]"):
            return False
        event = orjson.loads(data)
        kind = event.get("type") or name.decode("latin-1")
        delta = table_of(event.get("delta"))
        if kind == "message-start":
            self.tally.name_answer(event.get("model"), event.get("id"))
        elif kind == "message-end":
            self._read_end(delta)
        else:
            self._read_message(table_of(delta.get("message")))
            self.plain = _only_text(delta) if kind == "content-delta" else ""
        return False

    def _read_end(self, delta: dict[str, Any]) -> None:
        self.tally.is_complete = True
        self.tally.usage = read_usage(delta.get("usage")) or self.tally.usage
        self._read_units(delta.get("usage"))
        self._read_finish(delta.get("finish_reason"))
        if delta.get("error"):
            self.tally.fail("stream_error")

    def read_answer(self, document: Any) -> None:
        """`usage` of a chat, `meta` of the others, OpenAI's `usage` where others rank."""
        self.tally.name_answer(document.get("model"), document.get("id"))
        found = document.get("usage") or document.get("meta")
        self.tally.usage = read_usage(found) or read_openai_usage(document.get("usage"))
        self._read_units(found)
        self._read_finish(document.get("finish_reason"))
        self._read_message(table_of(document.get("message")))

    def read_failure(self, document: Any) -> None:
        """`{"id", "message"}`: there is no code."""
        self.tally.fail(table_of(document).get("code"))

    def _read_finish(self, reason: Any) -> None:
        self.tally.finish(0, reason)
        if reason in ("ERROR", "TIMEOUT"):
            self.tally.fail(f"stream_{reason.lower()}")

    def _read_units(self, usage: Any) -> None:
        billed = table_of(table_of(usage).get("billed_units"))
        self.tally.units.update((name, count(billed[name])) for name in _UNITS if billed.get(name))

    def _read_message(self, message: dict[str, Any]) -> None:
        """A delta holds one part, a whole message lists of them."""
        self.tally.see_text(message.get("tool_plan"))
        for part in _parts(message.get("content")):
            self.tally.see_text(part.get("text"), part.get("thinking"))
        for call in _parts(message.get("tool_calls")):
            function = table_of(call.get("function"))
            self.tally.see_text(function.get("name"), function.get("arguments"))

    def error_event(self, code: str, message: str, *, request_id: str) -> bytes:
        """A `message-end` that says ERROR."""
        return _error_event(message)


class Cohere(JsonDialect):
    """`/v2/chat`, `/v2/embed`, `/v2/rerank`."""

    name = "cohere"

    def facts(self, endpoint: Endpoint, document: dict[str, Any]) -> RequestFacts:
        """Raises MalformedRequest when the body names no model."""
        text_bytes, image_count = measure_prompt(document.get(key) for key in PROMPT)
        return RequestFacts(
            model=model_of(endpoint, document),
            is_stream=document.get("stream") is True,
            max_output_tokens=limit_of(document, "max_tokens"),
            prompt_text_bytes=text_bytes,
            image_count=image_count,
            has_tools=bool(document.get("tools")),
            service_tier=name_of(document.get("service_tier")),
            content_type="application/json",
            document=document,
        )

    def reader(self, endpoint: Endpoint, facts: RequestFacts, *, strip_usage: bool) -> CohereReader:
        """Usage comes unasked, so nothing is stripped."""
        return CohereReader(facts)

    def error(
        self, status: int, code: str, message: str, *, request_id: str, param: str | None = None
    ) -> tuple[list[Header], bytes]:
        """`{"id", "message"}`."""
        header = (b"x-debug-trace-id", request_id.encode("latin-1", "replace"))
        return json_error({"id": request_id, "message": message}, code, header)

    def error_event(self, code: str, message: str, *, request_id: str) -> bytes:
        """A `message-end` that says ERROR."""
        return _error_event(message)


def read_usage(usage: Any) -> TokenBuckets | None:
    """Buckets of a `usage` or `meta`: what is billed, else what was counted, else None."""
    found = table_of(usage)
    tokens = table_of(found.get("billed_units")) or table_of(found.get("tokens"))
    if not tokens.keys() & {"input_tokens", "output_tokens", "image_tokens"}:
        return None
    rest, cached = shares(count(tokens.get("input_tokens")), count(found.get("cached_tokens")))
    return TokenBuckets(
        input_uncached=rest,
        cache_read=cached,
        output=count(tokens.get("output_tokens")),
        input_image=count(tokens.get("image_tokens")),
    )


def _only_text(delta: dict[str, Any]) -> str:
    content = table_of(table_of(delta.get("message")).get("content"))
    text = content.get("text")
    return text if isinstance(text, str) and len(content) == 1 else ""


def _parts(value: Any) -> list[dict[str, Any]]:
    return [value] if isinstance(value, dict) else rows_of(value)


def _error_event(message: str) -> bytes:
    delta = {"finish_reason": "ERROR", "error": message}
    event = {"type": "message-end", "delta": delta}
    return b"event: message-end\ndata: " + orjson.dumps(event) + b"\n\n"
