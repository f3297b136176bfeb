"""The rows of each namespace in the order in which they were told: a stream of Valkey."""

from collections.abc import Sequence
from typing import Any

from redis.asyncio import Redis

from apps.optimization.neighbours import CAPACITY
from apps.proxy.cache import Cache

START = "0-0"
# Read at once: so many take a thread 50 ms.
CHUNK = 1_000
_FIELD = b"r"


class RowLog:
    """Sealed rows by namespace, for all processes of all machines; the newest CAPACITY are kept.

    Raises nothing: what cannot be read is not there.
    """

    def __init__(self, cache: Cache) -> None:
        self._cache = cache

    async def since(self, name: str, last: str) -> Sequence[tuple[str, bytes]]:
        """The next CHUNK rows after the id `last`, each with its own; START: from the oldest on."""
        found = await self._cache.tell(
            lambda client: client.xrange(self._named(name), min=f"({last}", count=CHUNK)
        )
        return [(each.decode(), fields[_FIELD]) for each, fields in found or ()]

    async def add(self, name: str, sealed: bytes, *, ttl_s: int) -> None:
        """Tell everybody of a row; all of them are forgotten ttl_s after the newest."""

        await self._cache.tell(lambda client: self._add(client, self._named(name), sealed, ttl_s))

    async def _add(self, client: "Redis", key: str, sealed: bytes, ttl_s: int) -> Any:
        pipe = client.pipeline(transaction=False)
        pipe.execute_command("XADD", key, "MAXLEN", "~", CAPACITY, "*", _FIELD, sealed)
        pipe.execute_command("EXPIRE", key, ttl_s)
        return await pipe.execute()

    def _named(self, name: str) -> str:
        return f"{self._cache.prefix}:rows:{name}"
