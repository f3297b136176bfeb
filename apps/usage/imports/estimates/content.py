"""What is asked of a model, reduced to keyed hashes: equal requests, equal beginnings.

Nothing of a prompt outlives the call of these functions. The key is derived from the data key of
the organization, so that nobody else can try texts against the hashes.
"""

import hmac
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import orjson

from apps.usage.imports.formats import Json

# What the answer depends on; the rest of a request (stream, user, metadata) does not change it.
_DECISIVE = (
    "model", "messages", "input", "prompt", "system", "instructions", "contents", "tools",
    "tool_choice", "functions", "response_format", "text", "max_tokens", "max_completion_tokens",
    "max_output_tokens", "n", "seed", "stop", "stop_sequences", "top_p", "top_k", "reasoning",
    "reasoning_effort", "thinking", "logit_bias", "presence_penalty", "frequency_penalty",
)  # fmt: skip
_FIXED = ("tools", "functions", "system", "instructions")
# Below this no provider caches; characters a token, at most and at least, in ordinary text.
LEAST_CACHED_TOKENS = 1024
MOST_CHARACTERS, LEAST_CHARACTERS = 5, 4
_LEAST = LEAST_CACHED_TOKENS * LEAST_CHARACTERS


@dataclass(frozen=True, slots=True)
class Beginning:
    """What a request begins with, and how many characters that has."""

    digest: UUID
    characters: int


class Hasher:
    """Hashes of one organization. key: 32 bytes."""

    def __init__(self, key: bytes) -> None:
        self._key = hmac.digest(key, b"usage-imports", "sha256")

    def digest(self, content: bytes) -> UUID:
        """128 bits of HMAC-SHA-256."""
        return UUID(bytes=hmac.digest(self._key, content, "sha256")[:16])

    def whole(self, request: Json) -> UUID | None:
        """The same for requests whose answers can be exchanged; None unless at temperature 0."""
        temperature = request.get("temperature")
        if isinstance(temperature, bool) or temperature not in (0, "0", "0.0"):
            return None
        return self.digest(_json({name: request[name] for name in _DECISIVE if name in request}))

    def beginning(self, request: Json) -> Beginning | None:
        """What stands before the first message of a person, if it is long enough to be cached.

        Without such, the first message, which each later turn of a conversation repeats.
        """
        parts = [request[name] for name in _FIXED if request.get(name)]
        content = _json([request.get("model"), *parts, *_first(request)])
        if len(content) < _LEAST:
            return None
        return Beginning(self.digest(content), len(content))


def _first(request: Json) -> list[Any]:
    """The leading messages up to the first that is neither system nor developer."""
    messages = request.get("messages") or request.get("input")
    if not isinstance(messages, list):
        return []
    lead = []
    for message in messages:
        if not isinstance(message, dict) or message.get("role") not in ("system", "developer"):
            break
        lead.append(message)
    return lead or messages[:1]


def _json(value: Any) -> bytes:
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS)
