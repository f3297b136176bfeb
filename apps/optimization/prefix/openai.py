"""OpenAI caches by itself; a key sends calls of the same prefix to the same machines."""

from collections.abc import Mapping
from hashlib import blake2b
from itertools import takewhile
from typing import Any

import orjson

from apps.optimization.prefix.blocks import BYTES_PER_TOKEN

NAME = "prompt_cache_key"
_LEAST_TOKENS = 1_024  # what is shorter OpenAI does not cache
_HEAD_ROLES = ("system", "developer")


def prompt_cache_key(request: Mapping[str, Any], *, namespace: str, key: bytes) -> str | None:
    """The `prompt_cache_key` to add to a chat or responses request, None to add none.

    The same for calls of one organization and project (`namespace`) whose tools and instructions
    are the same; where those are too short to be cached by themselves, whose first message is the
    same as well. `key`: the salt, 16 to 64 secret bytes. Source: OpenAI, "Prompt caching".
    """
    if request.get(NAME) is not None or NAME in request:
        return None
    messages = request.get("messages") or request.get("input")
    listed = messages if isinstance(messages, list) else [messages]
    head = list(takewhile(_is_instruction, listed))
    parts = [request.get("model"), request.get("tools"), request.get("instructions"), head]
    prefix = orjson.dumps(parts)
    if len(prefix) < _LEAST_TOKENS * BYTES_PER_TOKEN:
        prefix += orjson.dumps(listed[len(head) : len(head) + 1])
    return (
        "netra-" + blake2b(namespace.encode() + b"\0" + prefix, digest_size=16, key=key).hexdigest()
    )


def _is_instruction(message: object) -> bool:
    return isinstance(message, dict) and message.get("role") in _HEAD_ROLES
