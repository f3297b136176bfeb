"""The store of what may be lost: Valkey, which may be slow, away or empty at any moment."""

import asyncio
from collections.abc import Awaitable, Callable
from time import monotonic
from typing import Any

from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.maint_notifications import MaintNotificationsConfig

AWAY = (RedisError, OSError, TimeoutError)
_CONNECTIONS = 32
# What nobody waits for.
_UNHURRIED_SECONDS = 2.0
# One slow answer is a busy moment, so many of them one after the other are an outage.
_MOST_SLOW = 5

Command = Callable[[Redis], Awaitable[Any]]


class Cache:
    """Connections to Valkey at `url`, whose keys start with `prefix`; all processes share it.

    patience_s: seconds that a call waits for an answer at most. After a failure, or five answers in
    a row that were too slow, nobody asks for rest_s seconds.
    """

    def __init__(
        self, url: str, *, prefix: str, patience_s: float = 0.005, rest_s: float = 1.0
    ) -> None:
        pool = BlockingConnectionPool.from_url(
            url,
            max_connections=_CONNECTIONS,
            timeout=patience_s,
            # Ours bound every method instead; see apps/proxy/limits/shared.py.
            socket_timeout=None,
            socket_connect_timeout=None,
            retry=Retry(NoBackoff(), 0),
            maint_notifications_config=MaintNotificationsConfig(enabled=False),
        )
        self.client = Redis.from_pool(pool)
        self.prefix, self._patience_s, self._rest_s = prefix, patience_s, rest_s
        self._back_at, self._slow = 0.0, 0
        self._tasks: set[asyncio.Task[Any]] = set()

    @property
    def is_away(self) -> bool:
        """Whether it failed just now, so that nothing follows from an answer that is None."""
        return monotonic() < self._back_at

    async def ask(self, command: Command) -> Any:
        """What it answers to a call that waits; None within patience_s when it does not."""
        is_resting = self._slow >= _MOST_SLOW and self.is_away
        return None if is_resting else await self._asked(command, self._patience_s)

    async def tell(self, command: Command) -> Any:
        """What it answers to what no call waits for; None when it is away."""
        return await self._asked(command, max(_UNHURRIED_SECONDS, self._patience_s))

    def tell_soon(self, command: Command) -> None:
        """The same in the background."""
        task = asyncio.create_task(self.tell(command))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def close(self) -> None:
        """Drop the connections, once what was to be told is."""
        await asyncio.gather(*self._tasks)
        await self.client.aclose()

    async def _asked(self, command: Command, seconds: float) -> Any:
        try:
            async with asyncio.timeout(seconds):
                answer = await command(self.client)
        except AWAY as error:
            self._slow += 1 if isinstance(error, TimeoutError) else _MOST_SLOW
            self._back_at = monotonic() + self._rest_s
            return None
        self._slow = 0
        return answer
