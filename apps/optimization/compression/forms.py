"""A tool's JSON result in fewer tokens: minified, or as TOON, whichever is shorter."""

import re
from dataclasses import dataclass
from typing import Any

import numpy as np
import orjson
import toons

_QUOTE = ord('"')
_IS_SPACE = np.zeros(256, bool)
_IS_SPACE[list(b" \t\n\r")] = True
_SCALARS = re.compile(r'"(?:[^"\\]|\\.)*"|(-?\d[\d.eE+-]*)')

LEAST_BYTES = 200  # shorter results are not worth a change
LEAST_SAVED = 0.05  # of the bytes; spaces are few bytes and many tokens
_MOST_BYTES = 200_000  # above it the time budget would be at risk


@dataclass(frozen=True, slots=True)
class Form:
    """`kind` is "toon" or "json", whose `text` holds the same data as the result did, or "repeat",
    whose text says where it stands. `saved`: tokens, told low; 0 where nobody has told.
    """

    kind: str
    text: str
    saved: int = 0


def shorter_form(result: str, *, allow_toon: bool = True, allow_json: bool = True) -> Form | None:
    """The shortest allowed form that reads back as the same data; None where too little is saved.

    Not lossless for a model: answers may change, so it needs a certificate (see docs). Results
    with repeated keys, or numbers that would be spelled otherwise, are left alone.
    """
    if not LEAST_BYTES <= len(result) <= _MOST_BYTES or result.lstrip()[:1] not in ("{", "["):
        return None
    try:
        data = orjson.loads(result)
    except orjson.JSONDecodeError:
        return None
    plain = Form("json", orjson.dumps(data).decode())
    if not _is_same(plain.text, result):
        return None
    forms = (plain if allow_json else None, _toon(data) if allow_toon else None)
    best = min((form for form in forms if form), key=lambda form: len(form.text), default=None)
    return best if best and len(best.text) <= (1 - LEAST_SAVED) * len(result) else None


def _is_same(minified: str, result: str) -> bool:
    """Whether they are the same but for spaces, escapes in strings aside."""
    if "\\" not in result and _squeezed(result) == minified.encode():
        return True
    return _scalars(minified) == _scalars(result)


def _squeezed(text: str) -> bytes:
    """JSON without escapes and without the spaces between its values."""
    row = np.frombuffer(text.encode(), np.uint8)
    is_inside = np.logical_xor.accumulate(row == _QUOTE)
    kept: bytes = row[is_inside | ~_IS_SPACE[row]].tobytes()
    return kept


def _toon(data: Any) -> Form | None:
    """None when it does not read back as the same data; 1.0 may be written as 1."""
    try:
        text = toons.dumps(data)
        is_same = bool(toons.loads(text) == data)
    except (ValueError, TypeError, OverflowError):
        return None
    return Form("toon", text) if is_same else None


def _scalars(text: str) -> tuple[int, list[str]]:
    """How many strings (keys too) a JSON text has, and its numbers as they are spelled."""
    numbers = _SCALARS.findall(text)
    return numbers.count(""), [number for number in numbers if number]
