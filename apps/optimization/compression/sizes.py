"""How many tokens a change saved, told low: no provider counts what it was not sent."""

import numpy as np
from numpy.typing import NDArray

_BYTES_PER_TOKEN = 4
_SPACE, _LETTER, _DIGIT, _OTHER = range(4)


def _kinds() -> NDArray[np.uint8]:
    """Of each byte; whatever is not ASCII is a letter."""
    kinds = np.full(256, _OTHER, np.uint8)
    kinds[128:] = _LETTER
    for kind, text in ((_SPACE, " \t\n\r"), (_DIGIT, "0123456789")):
        kinds[list(text.encode())] = kind
    kinds[[n for n in range(128) if chr(n).isalpha()]] = _LETTER
    return kinds


_KINDS = _kinds()


def saved_tokens(before: str, after: str) -> int:
    """The lesser of two differences, of bytes in fours and of pieces; below 0 where it grew."""
    rows = [np.frombuffer(text.encode(errors="replace"), np.uint8) for text in (before, after)]
    by_bytes, by_pieces = ([measure(row) for row in rows] for measure in (_quarters, _pieces))
    return min(by_bytes[0] - by_bytes[1], by_pieces[0] - by_pieces[1])


def _quarters(row: NDArray[np.uint8]) -> int:
    return -(-len(row) // _BYTES_PER_TOKEN)


def _pieces(row: NDArray[np.uint8]) -> int:
    """Runs of bytes of one kind, which no vocabulary joins but a word with the space before it."""
    if not len(row):
        return 0
    kinds = _KINDS[row]
    starts = np.flatnonzero(np.diff(kinds, prepend=_OTHER + 1))
    firsts, lengths = kinds[starts], np.diff(starts, append=len(row))
    is_joined = (firsts[:-1] == _SPACE) & (lengths[:-1] == 1) & (firsts[1:] == _LETTER)
    return len(starts) - int(is_joined.sum())
