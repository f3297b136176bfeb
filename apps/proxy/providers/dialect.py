"""What every wire dialect can do; each module of a dialect says how."""

from collections.abc import Mapping
from typing import Any, Protocol

import orjson

from apps.proxy.providers.facts import (
    Endpoint,
    Header,
    Headers,
    MalformedRequest,
    Reading,
    RequestFacts,
)

SSE = "text/event-stream"
# OpenAI and most others; Anthropic; Azure; Cohere; Google's front end.
_REQUEST_IDS = (
    b"x-request-id",
    b"request-id",
    b"apim-request-id",
    b"x-debug-trace-id",
    b"x-goog-request-id",
)


class Watcher(Protocol):
    """Sees an answer pass. Never raises, whatever passes."""

    def feed(self, chunk: bytes) -> bytes:
        """What the client gets for `chunk`: the same object unless something is taken out."""
        ...

    def end(self) -> bytes:
        """The upstream ended by itself: what was held back and is still due to the client."""
        ...

    def outcome(self) -> Reading:
        """What is known by now; may be asked at any moment."""
        ...

    def error_event(self, code: str, message: str, *, request_id: str) -> bytes:
        """Instead of `end`, when the upstream broke off: what tells the client so.

        Ends a half-sent event first; a held-back one is dropped.
        """
        ...


class Dialect(Protocol):
    """One wire format: its requests, answers, streams and errors."""

    @property
    def name(self) -> str: ...

    def read_request(self, endpoint: Endpoint, headers: Headers, body: bytes) -> RequestFacts:
        """Raises MalformedRequest only where the body cannot be understood at all."""
        ...

    def prepare(
        self,
        body: bytes,
        facts: RequestFacts,
        *,
        model: str | None = None,
        needs_usage: bool = False,
    ) -> bytes:
        """The client's own bytes, cut only where the model is replaced or usage must be asked."""
        ...

    def error(
        self, status: int, code: str, message: str, *, request_id: str, param: str | None = None
    ) -> tuple[list[Header], bytes]:
        """An error of ours in the shape that this dialect's clients read."""
        ...

    def error_event(self, code: str, message: str, *, request_id: str) -> bytes:
        """The server-sent event that ends a truncated stream."""
        ...

    def watcher(
        self,
        endpoint: Endpoint,
        facts: RequestFacts,
        content_type: str,
        *,
        strip_usage: bool = False,
    ) -> Watcher:
        """One for each answer that is relayed as it comes."""
        ...

    def read_body(
        self, endpoint: Endpoint, facts: RequestFacts, status: int, headers: Headers, body: bytes
    ) -> Reading:
        """What a whole answer says. Never raises."""
        ...


def json_object(body: bytes) -> dict[str, Any]:
    """The body as an object of JSON. Raises MalformedRequest."""
    try:
        document = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise MalformedRequest(f"The body is no valid JSON: {error}.") from None
    if not isinstance(document, dict):
        raise MalformedRequest("The body must be one JSON object.")
    return document


def header_of(headers: Headers, name: bytes) -> str | None:
    """The first header called `name` (lower case); upstream's names may be in any case."""
    return next((value.decode("latin-1") for key, value in headers if key.lower() == name), None)


def provider_request_id(headers: Headers) -> str | None:
    """The id that an upstream gave the call, by the names that providers use; None without any."""
    found = {name.lower(): value for name, value in headers}
    return next((found[name].decode("latin-1") for name in _REQUEST_IDS if found.get(name)), None)


def json_error(
    document: Mapping[str, Any], code: str, *extra: Header
) -> tuple[list[Header], bytes]:
    """Headers and body of an error. `code` is ours and machine-readable in each dialect."""
    body = orjson.dumps(document)
    headers = [
        (b"content-type", b"application/json"),
        (b"content-length", b"%d" % len(body)),
        (b"netra-error-code", code.encode("latin-1", "replace")),
        *extra,
    ]
    return headers, body
