"""Files of any size as records, from any place on: JSONL, JSON documents and CSV."""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import IO

from apps.usage.imports.formats.values import Broken
from apps.usage.imports.reading.elements import read_elements
from apps.usage.imports.reading.items import Item, Place, json_value
from apps.usage.imports.reading.lines import read_lines
from apps.usage.imports.reading.tables import read_table

JSONL, JSON, CSV = "jsonl", "json", "csv"
READERS: Mapping[str, Callable[[IO[bytes], Place], Iterator[Item]]] = {
    JSONL: read_lines,
    JSON: read_elements,
    CSV: read_table,
}
_HEAD = 1024 * 1024
_SAMPLE_LINES = 200
_MARK = b"\xef\xbb\xbf"
# An array, bare or as the first member of a page; nothing else can be cut without knowing it all.
_OPENING = re.compile(rb'\s*(?:\{\s*(?:"object"\s*:\s*"list"\s*,\s*)?"data"\s*:\s*)?\[')

__all__ = ["CSV", "JSON", "JSONL", "READERS", "Item", "Place", "container_of"]


def container_of(file: IO[bytes]) -> tuple[str, Place]:
    """How the records of `file` are held, and where the first may begin."""
    file.seek(0)
    head = file.read(_HEAD)
    start = Place(len(_MARK) if head.startswith(_MARK) else 0)
    head = head[start.offset :]
    lines = [line for line in head.split(b"\n", _SAMPLE_LINES)[:_SAMPLE_LINES] if line.strip()]
    if lines and _is_object(lines[0]) and not _is_page(lines[0]):
        return JSONL, start
    if opening := _OPENING.match(head):
        return JSON, Place(start.offset + opening.end(), opening.group().count(b"\n"))
    if any(line.startswith(b"{") and _is_object(line) for line in lines):
        return JSONL, start
    return (JSON if head.lstrip().startswith(b"{") else CSV), start


def _is_page(line: bytes) -> bool:
    """A whole page in one line; embeddings have such a list too, and say what they used."""
    value = json_value(line)
    if isinstance(value, Broken) or "usage" in value:
        return False
    return isinstance(value.get("data"), list)


def _is_object(line: bytes) -> bool:
    return not isinstance(json_value(line), Broken)
