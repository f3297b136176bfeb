"""JSON documents: the objects of one array, or one after the other, without holding the whole."""

import re
from collections.abc import Iterator
from typing import IO

from apps.usage.imports.formats.values import Broken
from apps.usage.imports.reading.items import (
    MOST_RECORD_BYTES,
    Item,
    Place,
    json_value,
    too_long,
)

_PIECE = 1024 * 1024
_BETWEEN = re.compile(rb"[\s,]*")
# A string as a whole, or a bracket; a quote alone begins a string whose end is not here yet.
_TOKEN = re.compile(rb'"(?:[^"\\]++|\\.)*+"|["{}\[\]]', re.DOTALL)
_INDENTATION = re.compile(rb"\n([ \t]*)$")


class _Window:
    """The part of the file that is being looked at."""

    def __init__(self, file: IO[bytes], place: Place) -> None:
        file.seek(place.offset)
        self._file = file
        self.place = place
        self.held = b""
        self.indentation: bytes | None = b""

    def more(self) -> bool:
        piece = self._file.read(_PIECE)
        self.held += piece
        return bool(piece)

    def drop(self, length: int) -> bytes:
        """Go on behind the first `length` bytes; returns them."""
        gone, self.held = self.held[:length], self.held[length:]
        self.place = Place(self.place.offset + length, self.place.lines + gone.count(b"\n"))
        return gone

    def skip_between(self) -> bytes:
        """Go to the next thing that stands there; returns its first byte, b"" at the end."""
        while True:
            match = _BETWEEN.match(self.held)
            gone = self.drop(match.end() if match else 0)
            if b"\n" in gone:
                found = _INDENTATION.search(gone)
                self.indentation = found.group(1) if found else None
            elif gone:
                self.indentation = None
            if self.held or not self.more():
                return self.held[:1]


def read_elements(file: IO[bytes], place: Place) -> Iterator[Item]:
    """The objects from `place` on, which is inside the array or before the first object."""
    window = _Window(file, place)
    while first := window.skip_between():
        line = window.place.lines + 1
        if first == b"]":
            return
        length = _length(window) if first == b"{" else None
        if length is None:
            yield _passed_over(window, line)
        else:
            content = window.drop(length)
            yield Item(line, json_value(content), content, window.place)


def _length(window: _Window) -> int | None:
    """How many bytes the object at the window's start has; None when its end is not found."""
    depth = position = 0
    while position <= MOST_RECORD_BYTES:
        token = _TOKEN.search(window.held, position)
        if token is None or token.group() == b'"':
            position = token.start() if token else len(window.held)
            if len(window.held) > MOST_RECORD_BYTES or not window.more():
                return None
            continue
        position = token.end()
        depth += {b"{": 1, b"[": 1, b"}": -1, b"]": -1}.get(token.group(), 0)
        if depth == 0:
            return position
    return None


def _passed_over(window: _Window, line: int) -> Item:
    """What is no object, and where the next one begins: at the same indentation."""
    error = (
        too_long() if len(window.held) > MOST_RECORD_BYTES else Broken("this is no whole object")
    )
    start = b"" if window.indentation is None else b"\n" + window.indentation + b"{"
    found = window.held.find(start, 1) if start else -1
    if found < 0:
        error = Broken(f"{error}; what follows it cannot be read")
        while window.drop(len(window.held)) and window.more():
            pass
    else:
        window.drop(found)
    return Item(line, error, b"", window.place)
