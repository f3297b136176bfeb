"""Frames: a record with its kind, its ids, its length and a CRC-32 over all of them."""

from enum import IntEnum
from struct import Struct
from typing import NamedTuple
from zlib import crc32

# 0xF5 occurs in no UTF-8, so no JSON inside a frame can look like the start of another.
MAGIC = b"\xf5NA1"
_HEADER = Struct("<4sIIB16s16s")  # magic, CRC-32 of all that follows, length, kind, call, tenant
_CHECKED = Struct("<IB16s16s")
HEADER_BYTES = _HEADER.size
_CHECKED_FROM = HEADER_BYTES - _CHECKED.size
NOBODY = bytes(16)


class Kind(IntEnum):
    """HEAD opens a segment: the ids of the calls still open. INTERRUPTED is never in a file:
    it is a BEGIN whose END will not come. DEFERRED ends a call here; its END is made elsewhere."""

    HEAD = 1
    BEGIN = 2
    END = 3
    CONTENT = 4
    INTERRUPTED = 5
    DEFERRED = 6


LAST = frozenset({Kind.END, Kind.DEFERRED})


class Frame(NamedTuple):
    """A whole, checked frame. event_id, organization_id: 16 bytes each."""

    kind: int
    event_id: bytes
    organization_id: bytes
    payload: bytes

    @property
    def size(self) -> int:
        return HEADER_BYTES + len(self.payload)


def pack(kind: Kind, event_id: bytes, organization_id: bytes, payload: bytes) -> bytes:
    """The frame as it stands in the file."""
    checked = _CHECKED.pack(len(payload), kind, event_id, organization_id) + payload
    return MAGIC + crc32(checked).to_bytes(4, "little") + checked


def frame_at(data: bytes, at: int) -> Frame | None:
    """The frame that starts at `at`, None when it is not whole or not what was written."""
    if len(data) - at < HEADER_BYTES:
        return None
    magic, checksum, length, kind, event_id, organization_id = _HEADER.unpack_from(data, at)
    end = at + HEADER_BYTES + length
    if magic != MAGIC or end > len(data) or crc32(data[at + _CHECKED_FROM : end]) != checksum:
        return None
    return Frame(kind, event_id, organization_id, data[at + HEADER_BYTES : end])


def frames_of(data: bytes) -> tuple[list[Frame], int]:
    """The unbroken run of frames at the start of `data`, and how many bytes they take."""
    found, at = [], 0
    while frame := frame_at(data, at):
        found.append(frame)
        at += frame.size
    return found, at


def claimed_size(header: bytes) -> int:
    """The size of the frame that this header announces, unchecked; 0 when it is no header."""
    if len(header) < HEADER_BYTES or not header.startswith(MAGIC):
        return 0
    return HEADER_BYTES + int(_HEADER.unpack_from(header)[2])
