"""The rows of each namespace in the order in which they were told: a stream of Valkey."""

from collections.abc import Sequence
from typing import Any

from redis.asyncio import Redis

from apps.optimization.answers.spaces import ROW_FIELD, Space, rows_key
from apps.optimization.neighbours import CAPACITY
from apps.proxy.cache import Cache

START = "0-0"
# Read at once: so many take a thread 50 ms.
CHUNK = 1_000


class RowLog:
    """Sealed rows by namespace, for all processes of all machines; the newest CAPACITY are kept.

    Raises nothing: what cannot be read is not there.
    """

    def __init__(self, cache: Cache) -> None:
        self._cache = cache

    async def since(self, space: Space, last: str) -> Sequence[tuple[str, bytes]]:
        """The next CHUNK rows after the id `last`, each with its own; START: from the oldest on."""
        key = rows_key(self._cache.prefix, space)
        found = await self._cache.tell(
            lambda client: client.xrange(key, min=f"({last}", count=CHUNK)
        )
        return [(each.decode(), fields[ROW_FIELD]) for each, fields in found or ()]

    async def add(self, space: Space, sealed: bytes, *, ttl_s: int) -> None:
        """Tell everybody of a row; all of them are forgotten ttl_s after the newest."""
        key = rows_key(self._cache.prefix, space)
        await self._cache.tell(lambda client: _add(client, key, sealed, ttl_s))


async def _add(client: Redis, key: str, sealed: bytes, ttl_s: int) -> Any:
    pipe = client.pipeline(transaction=False)
    pipe.execute_command("XADD", key, "MAXLEN", "~", CAPACITY, "*", ROW_FIELD, sealed)
    pipe.execute_command("EXPIRE", key, ttl_s)
    return await pipe.execute()
