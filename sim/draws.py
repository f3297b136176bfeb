"""Chance that is none: every choice follows from a seed, so equal requests get equal answers."""

import hashlib
from collections.abc import Sequence
from typing import TypeVar

T = TypeVar("T")
_BASE62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_EPOCH, _SPAN_SECONDS = 1_735_689_600, 31_536_000  # the year 2025


class Draw:
    """An endless row of choices: SHA-256 of the seed and a counter."""

    def __init__(self, seed: bytes, purpose: str = "") -> None:
        self._seed = hashlib.sha256(seed + purpose.encode()).digest()
        self._count = 0

    def number(self) -> int:
        """The next 64-bit number."""
        self._count += 1
        digest = hashlib.sha256(self._seed + self._count.to_bytes(8, "big")).digest()
        return int.from_bytes(digest[:8], "big")

    def below(self, limit: int) -> int:
        """A number from 0 up to, without, `limit` (>= 1)."""
        return self.number() % limit

    def pick(self, choices: Sequence[T]) -> T:
        return choices[self.below(len(choices))]


def base62_id(seed: bytes, purpose: str, length: int = 24) -> str:
    """`length` letters and digits that follow from seed and purpose."""
    draw = Draw(seed, purpose)
    return "".join(_BASE62[draw.below(62)] for _ in range(length))


def hex_id(seed: bytes, purpose: str, length: int = 32) -> str:
    """At most 64 hexadecimal digits that follow from seed and purpose."""
    return hashlib.sha256(seed + purpose.encode()).hexdigest()[:length]


def uuid_id(seed: bytes, purpose: str) -> str:
    """The same in the form of a UUID."""
    digits = hex_id(seed, purpose)
    cuts = (0, 8, 12, 16, 20, 32)
    return "-".join(digits[a:b] for a, b in zip(cuts, cuts[1:], strict=False))


def made_at(seed: bytes) -> int:
    """Unix seconds somewhere in 2025: a stand-in for the clock, which answers must not show."""
    return _EPOCH + Draw(seed, "created").below(_SPAN_SECONDS)
