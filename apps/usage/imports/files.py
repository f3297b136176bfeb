"""Uploaded files: streamed to the organization's own folder, unpacked on the way, bounded.

They hold prompts, so they live no longer than their import: it deletes its file when it ends, and
`sweep` deletes what was left behind.
"""

import hashlib
import os
import secrets
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from uuid import UUID

from django.conf import settings

from apps.kernel.errors import NetraError

GZIP, ZSTD, ZIP = b"\x1f\x8b", b"\x28\xb5\x2f\xfd", b"PK\x03\x04"
PIECE = 1024 * 1024
# Logs pack 5 to 50 times; a bomb packs a thousand times.
MOST_RATIO, FREE_BYTES = 200, 64 * 1024 * 1024


class FileTooLarge(NetraError):
    code = "file_too_large"
    http_status = 413
    message = "The file is too large. Send it in parts; a call that is in two of them counts once."


class UnreadableFile(NetraError):
    code = "unreadable_file"
    http_status = 400
    message = "The file is empty or damaged. Send JSONL, JSON or CSV, as it is or packed by gzip."


@dataclass(frozen=True, slots=True)
class Upload:
    """A file that arrived. byte_count and digest (SHA-256) are of its unpacked content."""

    path: Path
    byte_count: int
    digest: str

    def discard(self) -> None:
        """Delete it; again is the same as once."""
        self.path.unlink(missing_ok=True)


def folder_of(organization_id: UUID) -> Path:
    """Where the files of an organization are; made when it is not there."""
    folder = Path(settings.IMPORT_DIR) / str(organization_id)
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    return folder


def receive(*, organization_id: UUID, pieces: Iterable[bytes]) -> Upload:
    """Write what arrives to disk, unpacked. Raises FileTooLarge, UnreadableFile.

    pieces: bytes of the file as they were sent; no more than one of them is in memory.
    """
    path = folder_of(organization_id) / secrets.token_hex(16)
    digest, length = hashlib.sha256(), 0
    try:
        with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            for piece in _unpacked(pieces):
                length += len(piece)
                _require_room(length)
                digest.update(piece)
                file.write(piece)
        if not length:
            raise UnreadableFile
    except BaseException:
        path.unlink(missing_ok=True)
        raise
    return Upload(path, length, digest.hexdigest())


def sweep(*, organization_id: UUID, kept: Iterable[str], before: datetime) -> int:
    """Delete files written before `before` whose names are not in `kept`; returns how many."""
    names = set(kept)
    left = [
        path
        for path in folder_of(organization_id).iterdir()
        if path.name not in names and path.stat().st_mtime < before.timestamp()
    ]
    for path in left:
        path.unlink(missing_ok=True)
    return len(left)


def _require_room(length: int) -> None:
    if length > settings.IMPORT_MAX_BYTES:
        raise FileTooLarge


def _unpacked(pieces: Iterable[bytes]) -> Iterator[bytes]:
    source = iter(pieces)
    head = b""
    for piece in source:
        head += piece
        if len(head) >= len(ZSTD):
            break
    if head.startswith((ZSTD, ZIP)):
        raise UnreadableFile("Only gzip is unpacked here. Unpack the file, or pack it by gzip.")
    yield from _gunzipped(head, source) if head.startswith(GZIP) else _plain(head, source)


def _plain(head: bytes, pieces: Iterator[bytes]) -> Iterator[bytes]:
    yield head
    yield from pieces


def _gunzipped(head: bytes, pieces: Iterator[bytes]) -> Iterator[bytes]:
    """Members one after the other, in pieces of bounded size. Raises UnreadableFile."""
    packed_count = length = 0
    member = zlib.decompressobj(wbits=31)
    try:
        for piece in _plain(head, pieces):
            packed_count += len(piece)
            while piece:
                unpacked = member.decompress(piece, PIECE)
                length += len(unpacked)
                if length > FREE_BYTES and length > MOST_RATIO * packed_count:
                    raise FileTooLarge("The file unpacks to far more than logs do.")
                yield unpacked
                piece = member.unconsumed_tail or member.unused_data.lstrip(b"\0")
                member = zlib.decompressobj(wbits=31) if member.eof else member
    except zlib.error as error:
        raise UnreadableFile from error
