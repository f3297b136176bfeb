"""JSONL: each line stands alone, so that a broken one costs nothing but itself."""

from collections.abc import Iterator
from typing import IO

from apps.usage.imports.reading.items import Item, Place, json_value, next_line, too_long


def read_lines(file: IO[bytes], place: Place) -> Iterator[Item]:
    """The records from `place` on; blank lines are passed over."""
    file.seek(place.offset)
    while True:
        line, after = next_line(file, place)
        if line == b"":
            return
        if line is None:
            yield Item(after.lines, too_long(), b"", after)
        elif content := line.strip():
            yield Item(after.lines, json_value(content), content, after)
        place = after
