"""Anthropic's Messages. Source: the types of anthropic-sdk-python 2.12."""

from typing import Any

import orjson

from apps.kernel.tokens import TokenBuckets
from apps.proxy.providers.dialect import json_error
from apps.proxy.providers.facts import Endpoint, Header, RequestFacts
from apps.proxy.providers.prompt_size import measure_prompt
from apps.proxy.providers.tally import count, name_of, rows_of, shares, table_of
from apps.proxy.providers.wire import JsonDialect, Reader, limit_of, model_of

PROMPT = ("system", "messages", "tools", "mcp_servers", "output_config", "output_format")
_TYPES = {
    401: "authentication_error",
    402: "billing_error",
    403: "permission_error",
    404: "not_found_error",
    409: "conflict_error",
    413: "request_too_large",
    429: "rate_limit_error",
    503: "overloaded_error",
    504: "timeout_error",
    529: "overloaded_error",
}
_TEXTS = ("text", "thinking", "partial_json")
# Their text is not ours to count; they carry no usage either.
_SILENT = (b"ping", b"content_block_stop")


class MessageReader(Reader):
    """A message, whole or as events."""

    def __init__(self, facts: RequestFacts) -> None:
        super().__init__(facts)
        self._usage: dict[str, Any] = {}

    def read(self, name: bytes, data: bytes) -> bool:
        """One event; nothing is ever taken out."""
        if name not in _SILENT:
            self._read_event(orjson.loads(data))
        return False

    def _read_event(self, event: dict[str, Any]) -> None:
        kind = event.get("type")
        if kind == "content_block_delta":
            self._read_delta(table_of(event.get("delta")))
        elif kind == "content_block_start":
            self._read_text(table_of(event.get("content_block")))
        elif kind == "message_start":
            self._read_message(table_of(event.get("message")))
        elif kind == "message_delta":
            self._read_end(table_of(event.get("delta")), event.get("usage"))
        else:
            self._read_rare(event)

    def _read_delta(self, delta: dict[str, Any]) -> None:
        texts = [delta[key] for key in _TEXTS if isinstance(delta.get(key), str)]
        self.tally.see_text(*texts)
        self.plain = texts[0] if len(texts) == 1 and len(delta) == 2 else ""

    def _read_rare(self, event: dict[str, Any]) -> None:
        if event.get("type") == "message_stop":
            self.tally.is_complete = True
        elif event.get("type") == "error":
            self.read_failure(event)

    def read_answer(self, document: Any) -> None:
        """A whole message, an error, or the answer of count_tokens, which costs nothing."""
        if document.get("type") == "error":
            self.read_failure(document)
        elif document.get("type") == "message":
            self._read_message(document)
            self._read_end(document, None)
            for block in rows_of(document.get("content")):
                self._read_text(block)

    def read_failure(self, document: Any) -> None:
        """`{"type": "error", "error": {"type", "message"}, "request_id"}`."""
        found = table_of(document)
        self.tally.fail(table_of(found.get("error")).get("type"))
        self.tally.provider_request_id = (
            name_of(found.get("request_id")) or self.tally.provider_request_id
        )

    def _read_message(self, message: dict[str, Any]) -> None:
        self.tally.name_answer(message.get("model"), message.get("id"))
        self._read_usage(message.get("usage"))

    def _read_end(self, delta: dict[str, Any], usage: Any) -> None:
        self.tally.finish(0, delta.get("stop_reason"))
        self._read_usage(usage)

    def _read_text(self, block: dict[str, Any]) -> None:
        self.tally.see_text(*(block.get(key) for key in _TEXTS))
        if block.get("input"):
            self.tally.output_bytes += len(orjson.dumps(block["input"]))

    def _read_usage(self, usage: Any) -> None:
        """Events give cumulative counts and leave out what did not change."""
        if isinstance(usage, dict):
            self._usage.update((key, value) for key, value in usage.items() if value is not None)

    def conclude(self) -> None:
        """Buckets of the counts that were given last."""
        if self._usage:
            self.tally.usage = read_usage(self._usage)
            self.tally.service_tier = name_of(self._usage.get("service_tier"))
            self._read_units(table_of(self._usage.get("server_tool_use")))

    def _read_units(self, tools: dict[str, Any]) -> None:
        for name in ("web_search_requests", "web_fetch_requests"):
            if count(tools.get(name)):
                self.tally.units[name] = count(tools[name])

    def error_event(self, code: str, message: str, *, request_id: str) -> bytes:
        """`event: error`."""
        return _error_event(message, request_id)


class Anthropic(JsonDialect):
    """`/v1/messages` and `/v1/messages/count_tokens`."""

    name = "anthropic"

    def facts(self, endpoint: Endpoint, document: dict[str, Any]) -> RequestFacts:
        """Raises MalformedRequest when the body names no model."""
        text_bytes, image_count = measure_prompt(document.get(key) for key in PROMPT)
        return RequestFacts(
            model=model_of(endpoint, document),
            is_stream=document.get("stream") is True,
            max_output_tokens=limit_of(document, "max_tokens"),
            end_user=name_of(table_of(document.get("metadata")).get("user_id")),
            prompt_text_bytes=text_bytes,
            image_count=image_count,
            has_tools=bool(document.get("tools")),
            service_tier=name_of(document.get("service_tier")),
            content_type="application/json",
            document=document,
        )

    def reader(
        self, endpoint: Endpoint, facts: RequestFacts, *, strip_usage: bool
    ) -> MessageReader:
        """Usage comes unasked, so nothing is stripped."""
        return MessageReader(facts)

    def error(
        self, status: int, code: str, message: str, *, request_id: str, param: str | None = None
    ) -> tuple[list[Header], bytes]:
        """`{"type": "error", "error": {type, message}, "request_id"}` and `request-id`."""
        document = _error(_type_of(status), message, request_id)
        return json_error(document, code, (b"request-id", request_id.encode("latin-1", "replace")))

    def error_event(self, code: str, message: str, *, request_id: str) -> bytes:
        """`event: error`."""
        return _error_event(message, request_id)


def read_usage(usage: dict[str, Any]) -> TokenBuckets:
    """Buckets of a `usage`: input_tokens already leaves out what was read from or written to cache.

    Thinking is inside output_tokens. A compaction of the context is billed beside the top level;
    other `iterations` are inside it.
    """
    extra = (row for row in rows_of(usage.get("iterations")) if row.get("type") == "compaction")
    return sum((_own_usage(row) for row in extra), _own_usage(usage))


def _own_usage(usage: dict[str, Any]) -> TokenBuckets:
    split = table_of(usage.get("cache_creation"))
    parts = [count(split.get(f"ephemeral_{ttl}_input_tokens")) for ttl in ("1h", "5m")]
    written = count(usage.get("cache_creation_input_tokens")) or sum(parts)
    short, long = shares(written, parts[0])
    thinking = count(table_of(usage.get("output_tokens_details")).get("thinking_tokens"))
    output, reasoning = shares(count(usage.get("output_tokens")), thinking)
    return TokenBuckets(
        input_uncached=count(usage.get("input_tokens")),
        cache_read=count(usage.get("cache_read_input_tokens")),
        cache_write_5m=short,
        cache_write_1h=long,
        output=output,
        reasoning=reasoning,
    )


def _type_of(status: int) -> str:
    return _TYPES.get(status) or ("api_error" if status >= 500 else "invalid_request_error")


def _error(kind: str, message: str, request_id: str) -> dict[str, Any]:
    error = {"type": kind, "message": message}
    return {"type": "error", "error": error, "request_id": request_id}


def _error_event(message: str, request_id: str) -> bytes:
    return (
        b"event: error\ndata: " + orjson.dumps(_error("api_error", message, request_id)) + b"\n\n"
    )
