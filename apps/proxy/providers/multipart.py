"""The fields of a multipart/form-data body, found without copying its files. Source: RFC 7578."""

import re
from collections.abc import Iterator
from typing import NamedTuple

_BOUNDARY = re.compile(r'boundary=(?:"([^"]{1,200})"|([^\s;,"]{1,200}))', re.IGNORECASE)
_NAME = re.compile(rb'[;\s]name="([^"]*)"', re.IGNORECASE)
_FILE = re.compile(rb"[;\s]filename\*?=", re.IGNORECASE)
_MOST_FIELDS = 200


class Field(NamedTuple):
    """A field's name and where its value stands in the body, [start:end)."""

    name: str
    start: int
    end: int
    is_file: bool


def fields(content_type: str, body: bytes) -> list[Field]:
    """The fields in order; none when the boundary is missing or nowhere found."""
    match = _BOUNDARY.search(content_type)
    if match is None:
        return []
    delimiter = b"--" + (match[1] or match[2]).encode("latin-1", "replace")
    return list(_found(body, delimiter))


def value_of(found: list[Field], body: bytes, name: str) -> str | None:
    """The text of the first field of that name that is no file."""
    spans = (body[f.start : f.end] for f in found if f.name == name and not f.is_file)
    return next((span.decode("utf-8", "replace") for span in spans), None)


def _found(body: bytes, delimiter: bytes) -> Iterator[Field]:
    at = body.find(delimiter)
    for _ in range(_MOST_FIELDS):
        start = body.find(b"\r\n\r\n", at)
        end = body.find(b"\r\n" + delimiter, at + len(delimiter))
        if at < 0 or start < 0 or end < 0:
            return
        head = body[at + len(delimiter) : start]
        if name := _NAME.search(head):
            is_file = _FILE.search(head) is not None
            yield Field(name[1].decode("utf-8", "replace"), start + 4, max(start + 4, end), is_file)
        at = end + 2
