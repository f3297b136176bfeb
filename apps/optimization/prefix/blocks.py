"""An Anthropic request as the blocks that its provider caches, in the provider's order."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any

import orjson

Path = tuple[str | int, ...]
TTLS = ("5m", "1h")

BYTES_PER_TOKEN = 4.0  # English and JSON; an estimate that only the minimum and the gain depend on
_IMAGE_TOKENS = 1_600  # the most that Anthropic counts for one image
_NEVER_MARKED = frozenset({"thinking", "redacted_thinking"})
_AFFECTS_MESSAGES = ("tool_choice", "thinking")  # a change keeps tools and system, no message


class UnknownShape(ValueError):
    """A request that is not Anthropic's as we know it. Send it as it is."""


@dataclass(frozen=True, slots=True)
class Block:
    """One block: where it stands, what the model sees of it, and the client's own mark.

    A path that ends in "system" or "content" is a plain string. `tokens` is an estimate.
    """

    path: Path
    seen: bytes
    tokens: int
    ttl: str | None
    marks: int
    is_markable: bool


@dataclass(frozen=True, slots=True)
class Boundary:
    """The end of a block: digest and tokens of everything up to it."""

    digest: bytes
    tokens: int


def anthropic_blocks(request: Mapping[str, Any]) -> list[Block]:
    """Tools, then system, then messages. Raises UnknownShape."""
    try:
        return [
            *(_block(("tools", n), tool) for n, tool in enumerate(request.get("tools") or ())),
            *_content(("system",), request.get("system"), b"system"),
            *_messages(request),
        ]
    except (AttributeError, KeyError, TypeError, orjson.JSONEncodeError) as error:
        raise UnknownShape(f"This request cannot be read as blocks: {error}.") from error


def boundaries(blocks: Sequence[Block], *, key: bytes, seed: bytes) -> list[Boundary]:
    """The end of each block. `key` (at most 64 bytes) keeps digests from telling contents."""
    found, digest, tokens = [], seed, 0
    for block in blocks:
        digest = blake2b(digest + block.seen, digest_size=16, key=key).digest()
        tokens += block.tokens
        found.append(Boundary(digest, tokens))
    return found


def _messages(request: Mapping[str, Any]) -> Iterator[Block]:
    setting = orjson.dumps([request.get(name) for name in _AFFECTS_MESSAGES])
    for n, message in enumerate(request["messages"]):
        context = setting + str(message["role"]).encode()
        yield from _content(("messages", n, "content"), message["content"], context)


def _content(path: Path, content: Any, context: bytes) -> Iterator[Block]:
    if isinstance(content, str):
        seen = context + orjson.dumps({"type": "text", "text": content})
        yield Block(path, seen, _tokens(len(seen) - len(context)), None, 0, bool(content.strip()))
        return
    for n, each in enumerate(content or ()):
        yield _block((*path, n), each, context)


def _block(path: Path, block: dict[str, Any], context: bytes = b"tool") -> Block:
    ttls = _marks(block)
    seen = orjson.dumps(_unmarked(block))
    kind = block.get("type")
    tokens = _IMAGE_TOKENS if kind == "image" else _tokens(len(seen))
    ttl = ttls[-1] if ttls else None
    return Block(path, context + seen, tokens, ttl, len(ttls), _may_be_marked(block))


def _may_be_marked(block: dict[str, Any]) -> bool:
    """False too where the client wrote `"cache_control": null`: a second key would be ambiguous."""
    is_empty = block.get("type") == "text" and not str(block.get("text", "")).strip()
    return not is_empty and "cache_control" not in block and block.get("type") not in _NEVER_MARKED


def _unmarked(block: dict[str, Any]) -> dict[str, Any]:
    plain = {name: value for name, value in block.items() if name != "cache_control"}
    if isinstance(block.get("content"), list):
        plain["content"] = [
            _unmarked(each) if isinstance(each, dict) else each for each in block["content"]
        ]
    return plain


def _marks(block: dict[str, Any]) -> list[str]:
    """The lives of the client's marks on a block and inside a tool's result."""
    inside = block.get("content") if isinstance(block.get("content"), list) else None
    marks = [ttl for each in inside or () if isinstance(each, dict) for ttl in _marks(each)]
    own = block.get("cache_control")
    return [*marks, own.get("ttl", TTLS[0])] if isinstance(own, dict) else marks


def _tokens(size: int) -> int:
    return int(size / BYTES_PER_TOKEN) + 1
