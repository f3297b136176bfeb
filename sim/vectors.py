"""Embeddings: hashed words, so that texts with words in common lie near each other."""

import base64
import hashlib
import math
import struct

from sim.errors import bad_request

_DIMENSIONS_OF_WORD = 32
_MOST_WORDS = 2_000
_MOST_DIMENSIONS = 4_096


def embedding(text: str, dimensions: int) -> list[float]:
    """A vector of length 1 in single precision. Raises WireError (400)."""
    if not 1 <= dimensions <= _MOST_DIMENSIONS:
        raise bad_request(f"dimensions must be from 1 to {_MOST_DIMENSIONS}")
    values = [0.0] * dimensions
    values[0] = 0.01
    for word in text.lower().split()[:_MOST_WORDS]:
        digest = hashlib.shake_128(word.encode("utf-8", "surrogatepass"))
        for (number,) in struct.iter_unpack("<I", digest.digest(4 * _DIMENSIONS_OF_WORD)):
            values[(number >> 1) % dimensions] += 1.0 if number & 1 else -1.0
    length = math.sqrt(sum(value * value for value in values))
    return _single([value / length for value in values])


def _single(values: list[float]) -> list[float]:
    form = f"<{len(values)}f"
    return list(struct.unpack(form, struct.pack(form, *values)))


def encoded(values: list[float]) -> str:
    """The vector as base64 of little-endian single-precision numbers."""
    return base64.b64encode(struct.pack(f"<{len(values)}f", *values)).decode()
