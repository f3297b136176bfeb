"""Kept questions of many tenants, as the store has them: seeded, synthetic, sealed as in use.

A namespace holds as many as it may. Vectors are drawn at random; to the time of a search it is all
the same. Data keys follow from a tenant's number.
"""

import hashlib
from collections.abc import Iterator
from uuid import UUID

import numpy as np
from redis import Redis

from apps.optimization.answers.spaces import Space
from apps.optimization.neighbours import CAPACITY
from apps.optimization.neighbours.rows import ROW
from apps.optimization.similarity import Vector
from apps.tenants.vault import seal

_BATCH = 2_000
_FAR_S = 0xFFFF_FFFF
_ENTRY = b"\x00"


def space(tenant: int, namespace: int) -> Space:
    """One of a tenant's namespaces."""
    name, key = f"{tenant}:{namespace}", f"data key {tenant}"
    return Space(
        UUID(int=tenant + 1),
        hashlib.sha256(name.encode()).hexdigest(),
        hashlib.sha256(key.encode()).digest(),
    )


def question(tenant: int, namespace: int, number: int) -> Vector:
    """The vector of one of its questions."""
    row = _rows(tenant, namespace)[number]
    vector: Vector = row["vector"].astype(np.float32) * row["scale"]
    return vector


def fill(client: Redis, prefix: str, tenant: int, namespace: int) -> None:
    """Tell the store of all questions of a namespace."""
    place = space(tenant, namespace)
    key = f"{prefix}:rows:{place.path}"
    for batch in _batches(tenant, namespace):
        pipe = client.pipeline(transaction=False)
        for row in batch:
            box = seal(place.data_key, _ENTRY + row, bound_to=place.binding)
            pipe.xadd(key, {b"r": box})
        pipe.execute()


def _batches(tenant: int, namespace: int) -> Iterator[list[bytes]]:
    rows = _rows(tenant, namespace)
    for start in range(0, CAPACITY, _BATCH):
        yield [each.tobytes() for each in rows[start : start + _BATCH]]


def _rows(tenant: int, namespace: int) -> "np.ndarray[tuple[int], np.dtype[np.void]]":
    draws = np.random.default_rng((tenant, namespace))
    rows = np.zeros(CAPACITY, ROW)
    rows["vector"] = draws.integers(-127, 128, (CAPACITY, 256))
    lengths = np.linalg.norm(rows["vector"].astype(np.float32), axis=1)
    rows["scale"], rows["expires_s"] = 1 / lengths, _FAR_S
    rows["digest"] = draws.integers(0, 2**63, (CAPACITY, 4))
    return rows
