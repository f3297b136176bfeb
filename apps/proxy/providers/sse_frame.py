"""Most events of a stream differ only in a few words of text: they are measured without parsing.

An event that was parsed and held nothing but text is kept as a frame around that text. What fits
the frame byte for byte says the same but for its text, so it needs no second look.
"""

import re
from typing import NamedTuple

import orjson

_STRING = re.compile(rb'[^"\\]*(?:\\.[^"\\]*)*(?=")', re.DOTALL)
# OpenAI pads each event with a random string, so that its length does not betray its text.
_PADDING = b'"obfuscation":"'


class Frame(NamedTuple):
    """`head` text `tail`, or `head` text `tail` padding `last`; all start or end at the quotes."""

    head: bytes
    tail: bytes
    last: bytes

    def run(self, chunk: bytes) -> tuple[int, int]:
        """Follow framed events from the start of `chunk`: (where they end, bytes of text in them).

        Never raises; what it cannot follow is left to be parsed.
        """
        at = text_bytes = 0
        head, tail, last = self
        while chunk.startswith(head, at):
            start = at + len(head)
            stop, length = _text(chunk, start)
            if length < 0 or not chunk.startswith(tail, stop):
                break
            end = stop + len(tail)
            if last:
                padded, end = end, chunk.find(b'"', end)
                if not chunk.startswith(last, end) or chunk.find(b"\n", padded, end) >= 0:
                    break
                end += len(last)
            at, text_bytes = end, text_bytes + length
        return at, text_bytes


def _text(chunk: bytes, start: int) -> tuple[int, int]:
    """Where the string that starts at `start` has its closing quote, and the text's UTF-8 length,
    negative when there is no whole string.
    """
    stop = chunk.find(b'"', start)
    if chunk.find(b"\n", start, stop) >= 0:
        return 0, -1
    if chunk.find(b"\\", start, stop) < 0:
        return stop, stop - start
    match = _STRING.match(chunk, start)
    try:
        return (match.end(), len(orjson.loads(b'"%b"' % match[0]).encode())) if match else (0, -1)
    except ValueError:
        return 0, -1


# No event starts with it: a field's name holds no zero byte.
NO_FRAME = Frame(b"\0", b"", b"")


def learn_frame(event: bytes, text: str) -> Frame | None:
    """The frame of an event around its `text`; None when it cannot be told where that stands.

    event: with the blank line behind it.
    """
    quoted = orjson.dumps(text)
    has_escape, is_ended = b"\\" in quoted, event.endswith((b"\n", b"\r"))
    if has_escape or not is_ended or event.count(quoted) != 1:
        return None
    start = event.index(quoted) + 1
    rest = event[start + len(quoted) - 2 :]
    padding = rest.find(_PADDING)
    if padding < 0:
        return Frame(event[:start], rest, b"")
    tail = rest[: padding + len(_PADDING)]
    return Frame(event[:start], tail, rest[rest.index(b'"', len(tail)) :])
