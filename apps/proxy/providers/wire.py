"""What the dialects that carry JSON share: the road of a request in, and of an answer out."""

from collections.abc import Callable
from typing import Any

import orjson

from apps.proxy.providers.body import BodyWatcher, read_json
from apps.proxy.providers.dialect import SSE, Watcher, header_of, json_object, provider_request_id
from apps.proxy.providers.facts import Endpoint, Headers, MalformedRequest, Reading, RequestFacts
from apps.proxy.providers.json_splice import add_member, replace_values
from apps.proxy.providers.sse import SseWatcher
from apps.proxy.providers.tally import FAULTS, Tally, name_of, table_of

_NO_MODEL = "The body names no model. Set `model` to the name of one."
_TOO_DEEP = "The body is nested too deeply. Flatten it."


class Reader:
    """Reads one answer into `tally`; each dialect derives its own."""

    def __init__(self, facts: RequestFacts) -> None:
        self.facts = facts
        self.tally = Tally()
        self.plain = ""

    def read(self, name: bytes, data: bytes) -> bool:
        """Take notice of an event of a stream; True when it is ours and not the client's."""
        self.read_answer(orjson.loads(data))
        return False

    def trimmed(self, events: bytes) -> bytes:
        """All of them."""
        return events

    def parse(self, body: bytes) -> Any:
        """The body, or as much of it as matters. Raises JSONDecodeError."""
        return orjson.loads(body)

    def read_answer(self, document: Any) -> None:
        """Take notice of a whole body."""
        raise NotImplementedError

    def reading(self) -> Reading:
        """What is known by now. Never raises."""
        try:
            self.conclude()
        except FAULTS:
            self.tally.fault_count += 1
        return self.tally.reading()

    def conclude(self) -> None:
        """Work out what is not worth working out at each event."""

    def read_failure(self, document: Any) -> None:
        """Take notice of a body whose status says that the call failed."""
        error = table_of(document).get("error")
        if isinstance(error, dict):
            error = error.get("code") or error.get("type") or error.get("status")
        self.tally.fail(error)

    def error_event(self, code: str, message: str, *, request_id: str) -> bytes:
        """What ends this stream when it breaks off."""
        raise NotImplementedError


class _Failure:
    """Shows a failed answer to a reader's other eye."""

    def __init__(self, reader: Reader) -> None:
        self.tally = reader.tally
        self.parse = orjson.loads
        self.read_answer = reader.read_failure
        self.reading = reader.reading


class JsonDialect:
    """The default of everything that a dialect may do otherwise."""

    name: str

    def facts(self, endpoint: Endpoint, document: dict[str, Any]) -> RequestFacts:
        """What a parsed body asks for."""
        raise NotImplementedError

    def reader(self, endpoint: Endpoint, facts: RequestFacts, *, strip_usage: bool) -> Reader:
        """A fresh reader for one answer."""
        raise NotImplementedError

    def read_request(self, endpoint: Endpoint, headers: Headers, body: bytes) -> RequestFacts:
        """Raises MalformedRequest when the body is no JSON object or names no model."""
        return self.facts(endpoint, json_object(body))

    def prepare(
        self,
        body: bytes,
        facts: RequestFacts,
        *,
        model: str | None = None,
        needs_usage: bool = False,
    ) -> bytes:
        """The body with `model` in place of the one asked for, every other byte as it was.

        A body without one, as Azure's deployments take it, gets one.
        """
        document = table_of(facts.document)
        if model is None or document.get("model") == model:
            return body
        name = orjson.dumps(model)
        if "model" not in document:
            return add_member(body, "model", name)
        return changed(body, "model", lambda _: name)

    def watcher(
        self,
        endpoint: Endpoint,
        facts: RequestFacts,
        content_type: str,
        *,
        strip_usage: bool = False,
    ) -> Watcher:
        """By the answer's own content type, whatever was asked for."""
        reader = self.reader(endpoint, facts, strip_usage=strip_usage)
        if content_type.startswith(SSE):
            return SseWatcher(reader, drops=strip_usage)
        return BodyWatcher(reader, is_json="json" in content_type)

    def read_body(
        self, endpoint: Endpoint, facts: RequestFacts, status: int, headers: Headers, body: bytes
    ) -> Reading:
        """What a whole answer says; `is_error` for any status from 400 on. Never raises."""
        reader = self.reader(endpoint, facts, strip_usage=False)
        reader.tally.provider_request_id = provider_request_id(headers)
        if status >= 400:
            read_json(_Failure(reader), body)
            reader.tally.fail(f"http_{status}")
        elif "json" in (header_of(headers, b"content-type") or "json"):
            read_json(reader, body)
        else:
            reader.tally.is_complete, reader.tally.output_bytes = True, len(body)
        return reader.reading()


def changed(body: bytes, key: str, change: Callable[[bytes], bytes]) -> bytes:
    """`replace_values`. Raises MalformedRequest for what is nested too deeply to be cut."""
    try:
        return replace_values(body, key, change)
    except RecursionError:
        raise MalformedRequest(_TOO_DEEP) from None


def model_of(endpoint: Endpoint, document: dict[str, Any]) -> str:
    """The model that the path or the body names. Raises MalformedRequest."""
    model = endpoint.model or name_of(document.get("model"))
    if model is None:
        raise MalformedRequest(_NO_MODEL, "model")
    return model


def limit_of(document: dict[str, Any], *names: str) -> int | None:
    """The first of the members that is a whole number > 0, else None."""
    values = (document.get(name) for name in names)
    return next((v for v in values if type(v) is int and v > 0), None)
