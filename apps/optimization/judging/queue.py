"""Takes comparisons out of the queue that gateways fill. What is taken and not judged is lost."""

from collections.abc import Sequence
from typing import cast
from uuid import UUID

from redis import Redis

from apps.optimization.comparisons import Comparison, opened, queue_key, waiting_key


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
