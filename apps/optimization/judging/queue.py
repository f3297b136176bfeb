"""Takes comparisons out of the queue that gateways fill. What is taken and not judged is lost."""

from collections.abc import Sequence
from typing import cast
from uuid import UUID

from redis import Redis

from apps.optimization.comparisons import (
    KEPT_S,
    LONGEST_QUEUE,
    Comparison,
    opened,
    queue_key,
    sealed,
    waiting_key,
)


def organizations_waiting(client: Redis, *, prefix: str) -> frozenset[UUID]:
    """Those that had a comparison offered since they were last emptied."""
    names = cast("set[bytes]", client.smembers(waiting_key(prefix)))
    return frozenset(UUID(name.decode()) for name in names)


def taken(
    client: Redis, *, prefix: str, organization_id: UUID, data_key: bytes, most: int
) -> Sequence[Comparison]:
    """At most `most` of the organization's comparisons, the oldest first; they are gone from it."""
    key = queue_key(prefix, organization_id)
    client.srem(waiting_key(prefix), organization_id.hex)
    boxes = cast("list[bytes]", client.rpop(key, most) or [])
    if len(boxes) == most:
        client.sadd(waiting_key(prefix), organization_id.hex)
    found = (opened(box, data_key, organization_id=organization_id) for box in boxes)
    return [each for each in found if each is not None]


def put_back(
    client: Redis, comparisons: Sequence[Comparison], *, prefix: str, data_key: bytes
) -> None:
    """Comparisons of one organization, to wait behind those that came since."""
    if not comparisons:
        return
    organization_id = comparisons[0].organization_id
    key = queue_key(prefix, organization_id)
    client.lpush(key, *(sealed(each, data_key) for each in comparisons))
    client.ltrim(key, 0, LONGEST_QUEUE - 1)
    client.expire(key, KEPT_S)
    client.sadd(waiting_key(prefix), organization_id.hex)
