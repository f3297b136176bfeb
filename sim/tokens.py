"""The token rule: one token is four bytes of UTF-8, rounded up for each piece of a prompt.

A prompt becomes one row of four-byte tokens, so that counts and the prefixes that prompt caches
know come from the same bytes. An image is 765 tokens (85 with `detail: low`), a document, a video
or a sound one token for each 64 bytes of its transfer form.
"""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import orjson

WIDTH = 4
IMAGE_TOKENS, LOW_DETAIL_TOKENS = 765, 85
_MEDIA_BYTES = 64


@dataclass(frozen=True)
class Segment:
    """A part of a prompt: its tokens, the lifetime its cache mark asks for, and its kind."""

    row: bytes
    mark: str | None = None
    kind: str = "text"  # text, image or audio

    @property
    def count(self) -> int:
        return len(self.row) // WIDTH


def count(text: str) -> int:
    """Tokens of a text."""
    return -(-len(text.encode("utf-8", "surrogatepass")) // WIDTH)


def total(segments: Iterable[Segment], kind: str | None = None) -> int:
    """Tokens of segments, those of one kind if it is named."""
    return sum(s.count for s in segments if kind in {None, s.kind})


def text_row(text: str) -> bytes:
    """The tokens of a text as bytes, the last one padded with zeros."""
    encoded = text.encode("utf-8", "surrogatepass")
    return encoded + bytes(-len(encoded) % WIDTH)


def structure_row(value: Any) -> bytes:
    """The tokens of a JSON value, such as a tool's declaration."""
    return text_row(orjson.dumps(value, option=orjson.OPT_SORT_KEYS).decode())


def image_row(source: Any, *, is_low: bool = False) -> bytes:
    """The tokens of an image, which follow from where or what it is."""
    tokens = LOW_DETAIL_TOKENS if is_low else IMAGE_TOKENS
    return hashlib.sha256(_bytes(source)).digest()[:WIDTH] * tokens


def media_row(source: Any) -> bytes:
    """The tokens of a document, video or sound."""
    encoded = _bytes(source)
    return hashlib.sha256(encoded).digest()[:WIDTH] * -(-len(encoded) // _MEDIA_BYTES)


def _bytes(source: Any) -> bytes:
    return orjson.dumps(source, option=orjson.OPT_SORT_KEYS)


def truncated(text: str, limit: int) -> str:
    """The longest beginning of `text` that has at most `limit` tokens."""
    return text.encode()[: max(limit, 0) * WIDTH].decode(errors="ignore")


def lifetime_of(value: Mapping[str, Any]) -> str | None:
    """The lifetime of an Anthropic cache mark on a block, None without one."""
    mark = value.get("cache_control")
    return str(mark.get("ttl") or "5m") if isinstance(mark, dict) else None
