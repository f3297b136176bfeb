"""The text of a virtual API key: `nap_live_` or `nap_test_`, 30 base62 digits, 6 of CRC-32.

The checksum lets scanners and the gateway tell a mistyped or foreign key from a real one without
a look-up. Source of the shape: GitHub, "Behind GitHub's new authentication token formats".
"""

import hashlib
import hmac
import re
import zlib
from dataclasses import dataclass

from apps.kernel.ids import base62, random_base62

RANDOM_DIGITS = 30
CHECKSUM_DIGITS = 6
PATTERN = re.compile(r"(nap_(?:live|test)_)([0-9A-Za-z]{30})([0-9A-Za-z]{6})")


@dataclass(frozen=True, slots=True)
class KeyText:
    """A whole key. Its `repr` hides the secret, so that a log line cannot hold it."""

    value: str

    def __repr__(self) -> str:
        return f"KeyText({self.hint})"

    @property
    def hint(self) -> str:
        """What may be shown later: the prefix and the last four characters."""
        return f"{self.value[:9]}…{self.value[-4:]}"


def new_key(*, is_test: bool) -> KeyText:
    """A fresh key with 178 bits of randomness."""
    body = ("nap_test_" if is_test else "nap_live_") + random_base62(RANDOM_DIGITS)
    return KeyText(body + _checksum(body))


def is_well_formed(text: str) -> bool:
    """Whether `text` has the shape and checksum of a key; says nothing of its existence."""
    match = PATTERN.fullmatch(text)
    return match is not None and match[3] == _checksum(match[1] + match[2])


def digest(text: str, pepper: bytes) -> str:
    """HMAC-SHA-256 of the key under a 32-byte pepper, in hex: what the database stores."""
    return hmac.new(pepper, text.encode(), hashlib.sha256).hexdigest()


def _checksum(body: str) -> str:
    return base62(zlib.crc32(body.encode()), CHECKSUM_DIGITS)
