"""Messages between processes and open WebSockets, tolerant of an outage of Valkey."""

import asyncio
from typing import Any

import structlog
from channels_redis.core import RedisChannelLayer
from redis.exceptions import RedisError

log = structlog.get_logger(__name__)
RETRY_SECONDS = 1.0


class PatientChannelLayer(RedisChannelLayer):  # type: ignore[misc]  # channels_redis ships no types
    """Waits for Valkey to come back, where Channels' own layer would end every open socket."""

    async def receive(self, channel: str) -> Any:
        """The next message to `channel`; messages sent during an outage are lost."""
        while True:
            try:
                return await super().receive(channel)
            except (RedisError, OSError) as error:
                log.warning("channel_layer_unreachable", error=type(error).__name__)
                await asyncio.sleep(RETRY_SECONDS)
