"""A provider's request as it came in, and what every wire format asks of it."""

import hashlib
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import orjson

from sim.errors import WireError, bad_request
from sim.multipart import Part, parse_multipart

# What may differ between two requests that deserve the same answer: how it is delivered, and marks
# that a gateway may add on the way.
_NOT_IN_SEED = {"stream", "stream_options", "service_tier", "cache_control", "prompt_cache_key"}
_TEXT_OR_BLOCKS = {"system", "content"}


@dataclass(frozen=True)
class Call:
    """One request. `path` is canonical: without the prefixes that compatible providers use.

    `dialect` names whose errors and headers the answer has; `model` is set when the path says it.
    """

    method: str
    path: str
    dialect: str
    api_key: str
    headers: dict[str, str]
    query: dict[str, str]
    body: bytes
    model: str = ""
    parts: dict[str, str] = field(default_factory=dict)  # what the route's pattern captured
    fate: str = ""  # of the batch that it makes

    @cached_property
    def json(self) -> dict[str, Any]:
        """The body as an object. Raises WireError (400)."""
        try:
            value = orjson.loads(self.body)
        except orjson.JSONDecodeError as error:
            raise bad_request(f"The body is not valid JSON: {error}") from error
        if not isinstance(value, dict):
            raise bad_request("The body must be a JSON object.")
        return value

    @cached_property
    def form(self) -> dict[str, Part]:
        """The parts of a multipart body by name. Raises WireError (400)."""
        return parse_multipart(self.headers.get("content-type", ""), self.body)

    @cached_property
    def seed(self) -> bytes:
        """What every answer follows from: SHA-256 of path, model and the meaning of the body."""
        path = self.path.replace("streamGenerateContent", "generateContent")
        return hashlib.sha256(f"{path}\n{self.model}\n".encode() + self._meaning()).digest()

    def required(self, name: str, kind: type | tuple[type, ...]) -> Any:
        """A field of the body. Raises WireError (400) when it is missing or of another type."""
        value = self.json.get(name)
        if value is None:
            raise bad_request(f"Missing required parameter: '{name}'.", param=name)
        if not isinstance(value, kind):
            raise bad_request(f"Invalid type for '{name}'.", param=name)
        return value

    def _meaning(self) -> bytes:
        try:
            if "multipart" in self.headers.get("content-type", ""):
                return repr(sorted(self.form.items())).encode()
            return orjson.dumps(canonical(orjson.loads(self.body)), option=orjson.OPT_SORT_KEYS)
        except (orjson.JSONDecodeError, orjson.JSONEncodeError, RecursionError, WireError):
            return self.body


def canonical(value: Any) -> Any:
    """A JSON value without what must not change the answer; texts become lists of one block."""
    if isinstance(value, list):
        return [canonical(item) for item in value]
    if not isinstance(value, dict):
        return value
    return {k: _canonical_field(k, v) for k, v in value.items() if k not in _NOT_IN_SEED}


def _canonical_field(name: str, value: Any) -> Any:
    if name in _TEXT_OR_BLOCKS and isinstance(value, str):
        return [{"type": "text", "text": value}]
    return canonical(value)
