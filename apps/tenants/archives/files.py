"""The form of an archive: a ZIP of COPY texts and a manifest that is sealed with a hash.

`manifest.json` says of each member which table it is of, its columns, how many rows, and the
SHA-256 of its bytes. `manifest.mac` is HMAC-SHA-256 of the manifest under the organization's data
key, which lies in the manifest wrapped by NETRA_KEK: a file is opened only by an installation with
that key, and only as it was written.
"""

import base64
import hashlib
import hmac
import json
import os
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from apps.kernel.errors import NetraError

FORMAT = "netra-organization/1"
PUBLIC, OWN = "public", "own"
_MANIFEST, _MAC = "manifest.json", "manifest.mac"
_PIECE = 1 << 20


class ArchiveUnreadable(NetraError):
    code = "archive_unreadable"
    http_status = 400
    message = "This is no archive of an organization, or it was changed. Take another copy of it."


class FileExists(NetraError):
    code = "archive_exists"
    http_status = 409
    message = "There is a file of that name, which is left as it is. Choose another name."


@dataclass(frozen=True)
class Member:
    """The rows of one table. place: PUBLIC, OWN (the organization's schema), or what they are."""

    place: str
    table: str
    columns: tuple[str, ...]
    rows: int
    sha256: str

    @property
    def name(self) -> str:
        return member_name(self.place, self.table)


@dataclass
class Manifest:
    """What an archive is of. data_key: KEK id and the wrapped key in base64.

    months: partitions, as (table, the table it is part of, its bounds in SQL). peppers: a proof of
    each pepper by its id.
    """

    organization_id: str
    slug: str
    schema_name: str
    taken_at: str
    tenant_leaf: str
    public_leaf: str
    data_key: tuple[str, str]
    peppers: dict[str, str]
    format: str = FORMAT
    months: list[tuple[str, str, str]] = field(default_factory=list)
    members: list[Member] = field(default_factory=list)

    @property
    def row_count(self) -> int:
        return sum(each.rows for each in self.members)

    def of(self, place: str) -> list[Member]:
        return [each for each in self.members if each.place == place]


class ArchiveWriter:
    """Writes members one after the other, each as it comes from the database."""

    def __init__(self, file: zipfile.ZipFile) -> None:
        self._file = file

    def write(self, name: str, pieces: Iterable[bytes | memoryview]) -> str:
        """The SHA-256 of what was written, as hex."""
        digest = hashlib.sha256()
        with self._file.open(name, "w", force_zip64=True) as member:
            for piece in pieces:
                digest.update(piece)
                member.write(piece)
        return digest.hexdigest()

    def close(self, manifest: Manifest, key: bytes) -> None:
        text = json.dumps(asdict(manifest), sort_keys=True, indent=1).encode()
        self._file.writestr(_MANIFEST, text)
        self._file.writestr(_MAC, _mac(key, text))


class ArchiveReader:
    """Reads what ArchiveWriter wrote."""

    def __init__(self, file: zipfile.ZipFile) -> None:
        self._file = file
        try:
            self._text, self._mac = file.read(_MANIFEST), file.read(_MAC)
            self.manifest = _manifest(json.loads(self._text))
        except (KeyError, TypeError, ValueError, zipfile.BadZipFile) as error:
            raise ArchiveUnreadable from error

    def require(self, key: bytes) -> None:
        """Raises ArchiveUnreadable unless the manifest is as it was written under `key`."""
        if not hmac.compare_digest(_mac(key, self._text), self._mac.decode(errors="replace")):
            raise ArchiveUnreadable

    def pieces(self, member: Member) -> Iterator[bytes]:
        """The bytes of a member. Raises ArchiveUnreadable at their end when they were changed."""
        digest = hashlib.sha256()
        try:
            with self._file.open(member.name) as file:
                while piece := file.read(_PIECE):
                    digest.update(piece)
                    yield piece
        except (KeyError, zipfile.BadZipFile, zlib.error) as error:
            raise ArchiveUnreadable from error
        if digest.hexdigest() != member.sha256:
            raise ArchiveUnreadable


@contextmanager
def writing(path: Path) -> Iterator[ArchiveWriter]:
    """A new file, for its owner only, that is there once it is whole. Raises FileExists."""
    draft = path.with_name(f"{path.name}.part")
    if path.exists():
        raise FileExists
    try:
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with (
            os.fdopen(descriptor, "wb") as file,
            zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive,
        ):
            yield ArchiveWriter(archive)
        draft.rename(path)
    finally:
        draft.unlink(missing_ok=True)


@contextmanager
def reading(path: Path) -> Iterator[ArchiveReader]:
    """Raises ArchiveUnreadable, and OSError when there is no such file."""
    try:
        file = zipfile.ZipFile(path)
    except zipfile.BadZipFile as error:
        raise ArchiveUnreadable from error
    with file:
        yield ArchiveReader(file)


def member_name(place: str, table: str) -> str:
    return f"{place}/{table}.copy"


def _mac(key: bytes, text: bytes) -> str:
    return hmac.digest(key, f"{FORMAT}:".encode() + text, "sha256").hex()


def _manifest(document: dict[str, Any]) -> Manifest:
    if document.get("format") != FORMAT:
        raise ArchiveUnreadable
    document["members"] = [
        Member(**each | {"columns": tuple(each["columns"])}) for each in document["members"]
    ]
    document["data_key"] = tuple(document["data_key"])
    document["months"] = [tuple(each) for each in document["months"]]
    return Manifest(**document)


def in_base64(value: bytes | memoryview) -> str:
    return base64.b64encode(bytes(value)).decode()
