"""Server-sent events of answers that were kept: taken apart, and written again."""

from collections.abc import Iterator, Mapping
from typing import Any

import orjson


class Unknown(ValueError):
    """An answer has a part that we could not give back in the other form."""


def read_events(stream: bytes) -> Iterator[dict[str, Any]]:
    """The JSON objects of a whole stream, without its last word. Raises Unknown."""
    for line in stream.splitlines():
        if line.startswith(b"data:") and (data := line[5:].strip()) != b"[DONE]":
            try:
                document = orjson.loads(data)
            except orjson.JSONDecodeError as error:
                raise Unknown("An event is no JSON.") from error
            yield require_object(document)


def event(document: Mapping[str, Any], name: str = "") -> bytes:
    """One event, with its name where the API has names."""
    head = f"event: {name}\n".encode() if name else b""
    return head + b"data: " + orjson.dumps(document) + b"\n\n"


def require_object(value: Any) -> dict[str, Any]:
    """`value`, when it is an object of JSON. Raises Unknown."""
    if not isinstance(value, dict):
        raise Unknown("What should be an object is none.")
    return value


def require_known(value: Mapping[str, Any], known: frozenset[str]) -> None:
    """Nothing but `known` may have a value. Raises Unknown."""
    others = [name for name, each in value.items() if name not in known and each not in (None, [])]
    if others:
        raise Unknown(f"{', '.join(others[:5])} cannot be given back.")
