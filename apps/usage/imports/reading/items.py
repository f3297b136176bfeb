"""What readers yield: records with the line on which each stands, and where to go on after it."""

from typing import IO, NamedTuple

import orjson

from apps.usage.imports.formats.values import Broken, Json

MOST_RECORD_BYTES = 16 * 1024 * 1024
_PIECE = 1024 * 1024


class Place(NamedTuple):
    """Where a reader stands: so many bytes, which hold so many line ends, lie behind it."""

    offset: int = 0
    lines: int = 0


class Item(NamedTuple):
    """A record, or why there is none. line: its first, from 1. place: after it."""

    line: int
    value: Json | Broken
    content: bytes
    place: Place


def json_value(content: bytes) -> Json | Broken:
    """The object in `content`."""
    try:
        value = orjson.loads(content)
    except orjson.JSONDecodeError as error:
        return Broken(f"this is no JSON: {error.msg} at character {error.pos + 1}")
    return value if isinstance(value, dict) else Broken("this is no JSON object")


def too_long() -> Broken:
    return Broken(f"the record is longer than {MOST_RECORD_BYTES // 1024**2} MiB")


def next_line(file: IO[bytes], place: Place) -> tuple[bytes | None, Place]:
    """The next line with its end, b"" at the end of the file; None for one that is too long."""
    line = file.readline(MOST_RECORD_BYTES)
    length = len(line)
    is_whole = length < MOST_RECORD_BYTES or line.endswith(b"\n")
    while not is_whole:
        piece = file.readline(_PIECE)
        length += len(piece)
        if not piece or piece.endswith(b"\n"):
            return None, Place(place.offset + length, place.lines + 1)
    return line, Place(place.offset + length, place.lines + bool(length))
