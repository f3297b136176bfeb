"""CSV with a header. A quote that never closes costs its own line, not those after it."""

import csv
from collections.abc import Iterator
from typing import IO

from apps.usage.imports.formats.values import Broken, Json
from apps.usage.imports.reading.items import (
    MOST_RECORD_BYTES,
    Item,
    Place,
    next_line,
    too_long,
)

csv.field_size_limit(MOST_RECORD_BYTES)
_DELIMITERS = ",;\t"


def read_table(file: IO[bytes], place: Place) -> Iterator[Item]:
    """The rows from `place` on as objects of the header's names; empty cells are left out."""
    file.seek(0)
    header, after_header = next_line(file, Place())
    if not header:
        return
    delimiter = max(_DELIMITERS, key=header.decode(errors="replace").count)
    names = _cells(header.removeprefix(b"\xef\xbb\xbf"), delimiter)
    place = max(place, after_header)
    while True:
        item = _next_row(file, place, names, delimiter)
        if item is None:
            return
        if item.content or isinstance(item.value, Broken):
            yield item
        place = item.place


def _next_row(file: IO[bytes], place: Place, names: list[str], delimiter: str) -> Item | None:
    file.seek(place.offset)
    first, after_first = next_line(file, place)
    if first == b"":
        return None
    line = after_first.lines
    if first is None:
        return Item(line, too_long(), b"", after_first)
    content, after = _completed(file, first, after_first)
    value = _row(content, names, delimiter)
    if isinstance(value, Broken) and after != after_first:
        # Its quote belongs to nothing: the lines that it took in are rows of their own.
        return Item(line, value, b"", after_first)
    return Item(line, value, content.strip(), after)


def _completed(file: IO[bytes], content: bytes, place: Place) -> tuple[bytes, Place]:
    """The row that begins with `content`, with the further lines that its open quote takes in."""
    quotes, parts, length = content.count(b'"'), [content], len(content)
    while quotes % 2 and length <= MOST_RECORD_BYTES:
        further, after = next_line(file, place)
        if not further:
            break
        parts.append(further)
        quotes, length, place = quotes + further.count(b'"'), length + len(further), after
    return b"".join(parts), place


def _row(content: bytes, names: list[str], delimiter: str) -> Json | Broken:
    if not content.strip():
        return {}
    try:
        cells = _cells(content, delimiter)
    except csv.Error as error:
        return Broken(f"this is no row of CSV: {error}")
    if len(cells) != len(names):
        return Broken(f"the row has {len(cells)} cells, the header {len(names)}")
    return {name: cell for name, cell in zip(names, cells, strict=True) if cell != ""}


def _cells(content: bytes, delimiter: str) -> list[str]:
    lines = content.decode(errors="replace").splitlines(keepends=True)
    rows = list(csv.reader(lines, delimiter=delimiter, strict=True))
    return rows[0] if len(rows) == 1 else [cell for row in rows for cell in row]
