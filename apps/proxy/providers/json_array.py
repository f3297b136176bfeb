"""A stream that is one long JSON array, as Gemini sends it without `alt=sse`."""

from codecs import getincrementaldecoder
from collections.abc import Callable
from json import JSONDecoder
from typing import Any

import orjson

from apps.proxy.providers.body import AnswerReader
from apps.proxy.providers.facts import Reading
from apps.proxy.providers.tally import FAULTS

_BETWEEN = " \t\r\n,["
# A longer element is relayed unread.
MOST_ELEMENT_CHARACTERS = 32 * 1024 * 1024


class JsonArrayWatcher:
    """Relays each chunk at once and shows each whole element to `reader`."""

    def __init__(self, reader: AnswerReader, error: Callable[[str, str], dict[str, Any]]) -> None:
        self._reader = reader
        self._error = error
        self._decode = getincrementaldecoder("utf-8")("replace").decode
        self._scan = JSONDecoder().raw_decode
        self._held = ""
        self._count = 0
        self._is_open = False
        self._is_closed = False

    def feed(self, chunk: bytes) -> bytes:
        """The chunk itself."""
        self._held += self._decode(chunk)
        self._is_open = self._is_open or "[" in self._held
        # No element ends without a brace; a long one is not scanned again with each chunk of it.
        while b"}" in chunk and self._take():
            pass
        if not self._held.strip(_BETWEEN) or len(self._held) > MOST_ELEMENT_CHARACTERS:
            self._held = ""
        return chunk

    def _take(self) -> bool:
        """Take one element from what is held; False when none is whole."""
        text = self._held.lstrip(_BETWEEN)
        if text.startswith("]"):
            self._is_closed, self._held = True, ""
            return False
        try:
            element, end = self._scan(text)
        except FAULTS:
            return False
        self._held = text[end:]
        self._count += 1
        self._show(element)
        return True

    def _show(self, element: Any) -> None:
        try:
            self._reader.read_answer(element)
        except FAULTS:
            self._reader.tally.fault_count += 1

    def end(self) -> bytes:
        """Nothing was held back; half an element is a fault."""
        if self._held.strip(_BETWEEN + "]"):
            self._reader.tally.fault_count += 1
        return b""

    def outcome(self) -> Reading:
        return self._reader.reading()

    def error_event(self, code: str, message: str, *, request_id: str) -> bytes:
        """A last element with the error; nothing when half of one was sent or the array is closed:
        then only cutting the connection tells the client.
        """
        if self._is_closed or self._held:
            return b""
        start = b",\n" if self._count else b"" if self._is_open else b"["
        return start + orjson.dumps(self._error(code, message)) + b"]"
