"""Streams as providers send them, written from the types of their SDKs, and what they say."""

from dataclasses import dataclass

import orjson

from apps.proxy.providers.dialect import Dialect, Watcher
from apps.proxy.providers.facts import Endpoint, Reading, RequestFacts
from apps.proxy.providers.paths import endpoint_of
from apps.proxy.providers.registry import dialect_of

Json = dict[str, object]
SSE = "text/event-stream; charset=utf-8"


@dataclass(frozen=True)
class Sample:
    """A stream. `usage_event` is the part of it that a client gets only when it asked for usage."""

    name: str
    path: str
    request: dict[str, object]
    stream: bytes
    reading: Reading
    content_type: str = SSE
    usage_event: bytes = b""

    @property
    def unasked(self) -> bytes:
        """What a client gets that did not ask for usage, where we did."""
        if not self.path.endswith("/completions"):
            return self.stream
        stream = self.stream.replace(self.usage_event, b"") if self.usage_event else self.stream
        return stream.replace(b',"usage":null', b"")

    @property
    def endpoint(self) -> Endpoint:
        return endpoint_of("POST", self.path)

    @property
    def dialect(self) -> Dialect:
        return dialect_of(self.endpoint)

    @property
    def facts(self) -> RequestFacts:
        return self.dialect.read_request(self.endpoint, (), orjson.dumps(self.request))

    def watcher(self, *, strip_usage: bool = False) -> Watcher:
        return self.dialect.watcher(
            self.endpoint, self.facts, self.content_type, strip_usage=strip_usage
        )


def data(*documents: object) -> bytes:
    """Events without a name."""
    return b"".join(b"data: " + orjson.dumps(document) + b"\n\n" for document in documents)


def named(*documents: dict[str, object]) -> bytes:
    """Events named after their type."""
    return b"".join(
        f"event: {document['type']}\n".encode() + data(document) for document in documents
    )
