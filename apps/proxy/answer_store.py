"""Where kept answers lie, and who of all processes is asking for one that is not there."""

import asyncio
import secrets
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from redis.asyncio import Redis

from apps.proxy.cache import Cache

LOOK = Path(__file__).with_name("look.lua").read_text()
RELEASE = Path(__file__).with_name("release.lua").read_text()
# So long an answer is waited for whose process has died.
LEASE_SECONDS = 2.0
_LEASE_MS = int(LEASE_SECONDS * 1000)


@dataclass(frozen=True, slots=True)
class Look:
    """kept: the sealed answer. is_leased: it is on us to ask, and the others wait for it.
    is_awaited: another process asks. Neither: the store is away, and everybody asks.
    """

    kept: bytes | None = None
    is_leased: bool = False
    is_awaited: bool = False


class AnswerStore(Protocol):
    """Sealed answers by key. Raises nothing: what cannot be read is not there."""

    @property
    def is_away(self) -> bool: ...

    async def get(self, key: str) -> bytes | None: ...

    async def look(self, key: str) -> Look: ...

    def release(self, key: str) -> None: ...

    async def put(self, key: str, sealed: bytes, *, ttl_s: int) -> None: ...

    async def close(self) -> None: ...


class NoAnswers:
    """Keeps nothing."""

    is_away = False

    async def get(self, key: str) -> bytes | None:
        """None."""

    async def look(self, key: str) -> Look:
        """Nothing is there, and nobody asks for it."""
        return Look()

    def release(self, key: str) -> None:
        """There are no leases."""

    async def put(self, key: str, sealed: bytes, *, ttl_s: int) -> None:
        """Forget it."""

    async def close(self) -> None:
        """There is nothing to close."""


class SharedAnswers:
    """Kept in `cache` for all processes.

    Leases are made longer as long as this process lives, and end soon after it.
    """

    def __init__(self, cache: Cache) -> None:
        self._cache, self._us = cache, secrets.token_hex(8)
        self._look = cache.client.register_script(LOOK)
        self._release = cache.client.register_script(RELEASE)
        self._leased: set[str] = set()
        self._renewing: asyncio.Task[None] | None = None

    @property
    def is_away(self) -> bool:
        """Whether it failed just now: what is not found may be there all the same."""
        return self._cache.is_away

    async def get(self, key: str) -> bytes | None:
        """The sealed answer; None within the cache's patience when there is none."""
        kept = await self._cache.ask(lambda client: client.get(self._named(key)))
        return kept if isinstance(kept, bytes) else None

    async def look(self, key: str) -> Look:
        """The same; where there is none, whether to ask for it: then `release` it afterwards."""
        keys = [self._named(key), self._lease(key)]
        terms: list[str | int] = [self._us, _LEASE_MS]
        found = await self._cache.ask(lambda client: self._look(keys, terms, client))
        if found == 1:
            self._hold(key)
        return Look(
            found if isinstance(found, bytes) else None,
            is_leased=found == 1,
            is_awaited=found == 0,
        )

    def release(self, key: str) -> None:
        """The answer is there now, or never will be: whoever waits for it may ask."""
        if key in self._leased:
            self._leased.discard(key)
            keys = [self._lease(key)]
            self._cache.tell_soon(lambda client: self._release(keys, [self._us], client))

    async def put(self, key: str, sealed: bytes, *, ttl_s: int) -> None:
        """Keep it for ttl_s seconds, if the store is there."""
        await self._cache.tell(lambda client: client.set(self._named(key), sealed, ex=ttl_s))

    async def close(self) -> None:
        """Leave what is leased to its end."""
        if self._renewing:
            self._renewing.cancel()
            with suppress(asyncio.CancelledError):
                await self._renewing

    def _hold(self, key: str) -> None:
        self._leased.add(key)
        if self._renewing is None or self._renewing.done():
            self._renewing = asyncio.create_task(self._renew())

    async def _renew(self) -> None:
        while self._leased:
            await asyncio.sleep(LEASE_SECONDS / 3)
            if self._leased:
                await self._cache.tell(self._prolong)

    async def _prolong(self, client: "Redis") -> Any:
        pipe = client.pipeline(transaction=False)
        for key in self._leased:
            pipe.execute_command("PEXPIRE", self._lease(key), _LEASE_MS)
        return await pipe.execute()

    def _named(self, key: str) -> str:
        return f"{self._cache.prefix}:{key}"

    def _lease(self, key: str) -> str:
        return f"{self._cache.prefix}:asking:{key}"
