"""Identifiers: UUIDv7 for rows that are ordered by time, and random base62 for secrets."""

import secrets
import time
import uuid

BASE62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"


def uuid7() -> uuid.UUID:
    """A UUIDv7: 48 bits of Unix milliseconds, then 74 random bits. Source: RFC 9562 §5.7."""
    unix_ms = time.time_ns() // 1_000_000
    value = (unix_ms & (2**48 - 1)) << 80 | secrets.randbits(80)
    value = value & ~(0xF << 76) | 0x7 << 76
    value = value & ~(0x3 << 62) | 0x2 << 62
    return uuid.UUID(int=value)


def random_base62(length: int) -> str:
    """`length` characters drawn uniformly from 0-9A-Za-z by the system's secure source."""
    return "".join(secrets.choice(BASE62) for _ in range(length))


def base62(value: int, width: int) -> str:
    """`value` (>= 0) in base 62, left-padded with 0 to `width` characters."""
    digits = ""
    while value:
        value, digit = divmod(value, 62)
        digits = BASE62[digit] + digits
    return digits.rjust(width, "0")
