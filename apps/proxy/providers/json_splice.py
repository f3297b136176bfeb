"""Changes single top-level members of a JSON object without touching any other byte.

A body that is parsed and written again comes out different (1.0, 1e5, 2**70, key order, duplicate
keys, escapes), and providers' prompt caches and signatures notice. So the text itself is cut. The
standard library's scanner walks it: the only one in C that says where a value ends.
"""

import re
from collections.abc import Callable, Iterator
from json import JSONDecoder
from typing import Any, NamedTuple

import orjson

_SPACE = re.compile(r"[ \t\n\r]*")
_OPEN = re.compile(rb"[ \t\n\r]*\{")
_EMPTY = re.compile(rb"[ \t\n\r]*\}")


def _nothing(_: str) -> None:
    """In place of int(), which refuses more than 4,300 digits; no number is looked at."""


_scan: Callable[[str, int], tuple[Any, int]] = JSONDecoder(
    parse_int=_nothing, parse_float=_nothing
).scan_once  # type: ignore[attr-defined]


class Member(NamedTuple):
    """A member of an object: its key and where its value's text stands, [start:end)."""

    key: str
    start: int
    end: int


def replace_values(body: bytes, key: str, change: Callable[[bytes], bytes]) -> bytes:
    """`body` with the text of each top-level member called `key` changed; all else stays.

    body: JSON text of an object in UTF-8, already parsed by whoever calls. `change` gets the JSON
    text of the old value and gives that of the new one. A key that stands there twice is changed
    twice, since parsers differ in which of them counts. Raises RecursionError for a value that is
    nested some 900 levels deep.
    """
    text = body.decode()
    pieces, last = [], 0
    for member in _members(text):
        if member.key == key:
            old = text[member.start : member.end].encode()
            pieces += [text[last : member.start].encode(), change(old)]
            last = member.end
    return b"".join([*pieces, text[last:].encode()]) if pieces else body


def add_member(body: bytes, key: str, value: bytes) -> bytes:
    """`body` with a member put in front of all others of the outermost object."""
    opening = _OPEN.match(body)
    if opening is None:
        raise ValueError("There is no object to add a member to.")
    comma = b"" if _EMPTY.match(body, opening.end()) else b","
    member = orjson.dumps(key) + b":" + value + comma
    return body[: opening.end()] + member + body[opening.end() :]


def _members(text: str) -> Iterator[Member]:
    at = _after_space(text, text.index("{") + 1)
    while text[at] == '"':
        key, at = _scan(text, at)
        start = _after_space(text, _after_space(text, at) + 1)
        _, end = _scan(text, start)
        yield Member(key, start, end)
        at = _after_space(text, end)
        if text[at] == ",":
            at = _after_space(text, at + 1)


def _after_space(text: str, at: int) -> int:
    match = _SPACE.match(text, at)
    return match.end() if match else at
