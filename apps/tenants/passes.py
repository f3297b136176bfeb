"""Passes: how our own workers call the gateway in the name of a project, without any of its keys.

`np1_` and URL-safe base64 of 65 bytes, big-endian (organization, project and key as 16 bytes each,
the kind, the end in Unix seconds), then HMAC-SHA-256 of them under a key derived (HKDF-SHA-256,
RFC 5869) from a key-encryption key. Pure: workers mint them, gateways read them.
"""

import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as NoBase64
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from struct import Struct
from typing import Literal
from uuid import UUID

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

HEADER = "Netra-Pass"
# Names the lever that a call is made for, among the tags of the call.
LEVER_TAG = "netra-lever"
LASTS = timedelta(minutes=10)
PassKind = Literal["shadow", "judge", "batch"]
KINDS: tuple[PassKind, ...] = ("shadow", "judge", "batch")
_PREFIX = "np1_"
_PURPOSE = b"netra gateway passes"
_FIELDS = Struct(">16s16s16sBQ")
_NO_KEY = UUID(int=0)


@dataclass(frozen=True, slots=True)
class Pass:
    """What its bearer may do until `expires_at` (whole seconds): calls of one kind of one project.

    key_id: the key in whose place it stands and whose limits bind it; None: the project's alone.
    """

    organization_id: UUID
    project_id: UUID
    kind: PassKind
    expires_at: datetime
    key_id: UUID | None = None


def pass_key(kek: bytes) -> bytes:
    """The 32 bytes under which passes are signed, of a key-encryption key."""
    return HKDF(algorithm=SHA256(), length=32, salt=None, info=_PURPOSE).derive(kek)


def minted(given: Pass, key: bytes) -> str:
    """The pass as the value of its header. Anybody who sees it may use it until its end."""
    plain = _FIELDS.pack(
        given.organization_id.bytes,
        given.project_id.bytes,
        (given.key_id or _NO_KEY).bytes,
        KINDS.index(given.kind),
        int(given.expires_at.timestamp()),
    )
    return _PREFIX + urlsafe_b64encode(plain + _tag(plain, key)).decode()


def opened(text: str, keys: Iterable[bytes], *, at: datetime) -> Pass | None:
    """What a header's value says; None for what was not minted under one of `keys`, or is over."""
    try:
        box = urlsafe_b64decode(text.removeprefix(_PREFIX).encode("ascii"))
    except (NoBase64, ValueError):
        return None
    plain, tag = box[: _FIELDS.size], box[_FIELDS.size :]
    if not any(hmac.compare_digest(tag, _tag(plain, key)) for key in keys):
        return None
    given = _read(plain)
    return given if at < given.expires_at else None


def _tag(plain: bytes, key: bytes) -> bytes:
    return hmac.digest(key, plain, "sha256")


def _read(plain: bytes) -> Pass:
    organization, project, key, kind, ends = _FIELDS.unpack(plain)
    key_id = UUID(bytes=key)
    return Pass(
        UUID(bytes=organization),
        UUID(bytes=project),
        KINDS[kind],
        datetime.fromtimestamp(ends, UTC),
        None if key_id == _NO_KEY else key_id,
    )
