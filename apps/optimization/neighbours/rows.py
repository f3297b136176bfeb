"""What is told of an entry so that its question can be found: a row, sealed for its namespace.

A row is one element of ROW; `same_as` of another entry may follow. A tie says that the answers of
two entries were found to be the same.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from apps.optimization.answers.spaces import Space
from apps.optimization.similarity.embedding import DIMENSIONS, Vector
from apps.tenants.vault import CannotOpen, seal, unseal

DIGEST_BYTES = 32
# group: -1 for what is not to be found any more. The vector is `vector` x `scale`.
ROW = np.dtype(
    [
        ("expires_s", "<u4"),
        ("group", "<i4"),
        ("scale", "<f4"),
        ("digest", "<u8", (DIGEST_BYTES // 8,)),
        ("vector", "i1", (DIMENSIONS,)),
    ]
)
_ENTRY, _TIE = b"\x00", b"\x01"
_GREATEST = 127


@dataclass(frozen=True, slots=True)
class Told:
    """Rows in their order, each with the digest that it is the same as, or b""; then ties."""

    rows: NDArray[np.void]
    same_as: Sequence[bytes]
    ties: Sequence[tuple[bytes, bytes]]


def sealed_row(
    space: Space, digest: bytes, vector: Vector, *, expires_at: datetime, same_as: bytes = b""
) -> bytes:
    """The row of an entry; same_as: the digest of one whose answer was found to be the same."""
    scale = float(np.abs(vector).max()) / _GREATEST or 1.0
    row = np.zeros((), ROW)
    row["expires_s"], row["scale"] = int(expires_at.timestamp()), scale
    row["digest"], row["vector"] = np.frombuffer(digest, "<u8"), np.round(vector / scale)
    return seal(space.data_key, _ENTRY + row.tobytes() + same_as, bound_to=space.binding)


def sealed_tie(space: Space, first: bytes, second: bytes) -> bytes:
    """That the answers of two entries, by their digests, were found to be the same."""
    return seal(space.data_key, _TIE + first + second, bound_to=space.binding)


def opened_rows(space: Space, sealed: Iterable[bytes]) -> Told:
    """What was sealed for this namespace; anything else is passed over."""
    rows: list[bytes] = []
    same_as: list[bytes] = []
    ties: list[tuple[bytes, bytes]] = []
    for plain in _opened(space, sealed):
        kind, told = plain[:1], plain[1:]
        if kind == _ENTRY and len(told) in (ROW.itemsize, ROW.itemsize + DIGEST_BYTES):
            rows.append(told[: ROW.itemsize])
            same_as.append(told[ROW.itemsize :])
        elif kind == _TIE and len(told) == 2 * DIGEST_BYTES:
            ties.append((told[:DIGEST_BYTES], told[DIGEST_BYTES:]))
    return Told(np.frombuffer(b"".join(rows), ROW).copy(), same_as, ties)


def _opened(space: Space, sealed: Iterable[bytes]) -> Iterable[bytes]:
    for each in sealed:
        try:
            yield unseal(space.data_key, each, bound_to=space.binding)
        except CannotOpen:
            continue
