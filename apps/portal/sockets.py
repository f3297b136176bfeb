"""The WebSocket of an organization: who may listen, and to what."""

import asyncio
from typing import Any
from uuid import UUID

import structlog
from channels.auth import get_user
from channels.db import database_sync_to_async
from channels.generic.websocket import AsyncJsonWebsocketConsumer
from redis.exceptions import RedisError

from apps.kernel.clock import utc_now
from apps.tenants.actors import Actor, actor_of_user

log = structlog.get_logger(__name__)
SIGN_IN_FIRST = 4401
NOT_FOUND = 4404
JOIN_SECONDS = 1.0


def organization_group(organization_id: UUID) -> str:
    """The channel group that every open socket of one organization listens to."""
    return f"organization.{organization_id.hex}"


class OrganizationSocket(AsyncJsonWebsocketConsumer):  # type: ignore[misc]  # channels ships no types
    """Open to the members of /ws/o/<slug>/ only; answers pings.

    Each ping checks the membership and renews the subscription, so that somebody who was removed
    or signed out stops listening, and an outage of Valkey heals by itself.
    """

    group: str | None = None

    async def connect(self) -> None:
        if not self.scope["user"].is_authenticated:
            await self.close(SIGN_IN_FIRST)
            return
        actor = await self._actor()
        if actor is None:
            await self.close(NOT_FOUND)
            return
        await self.accept()
        await self._join(organization_group(actor.organization.pk))
        await self.send_json({"type": "ready", "organization": actor.organization.slug})

    async def receive(self, text_data: str | None = None, **_binary: Any) -> None:
        """Anything but a JSON object of a known type is ignored: nobody else's page sends it."""
        try:
            content = await self.decode_json(text_data or "")
        except ValueError:
            return
        if content == {"type": "ping"}:
            await self._pong()

    async def disconnect(self, code: int) -> None:
        if self.group:
            await self._reach(self.channel_layer.group_discard(self.group, self.channel_name))

    async def _pong(self) -> None:
        actor = await self._actor()
        if actor is None:
            await self.close(NOT_FOUND)
            return
        await self._join(organization_group(actor.organization.pk))
        await self.send_json({"type": "pong"})

    async def _join(self, group: str) -> None:
        if await self._reach(self.channel_layer.group_add(group, self.channel_name)):
            self.group = group

    async def _reach(self, call: Any) -> bool:
        try:
            await asyncio.wait_for(call, JOIN_SECONDS)
        except (RedisError, OSError, TimeoutError) as error:
            log.warning("socket_not_subscribed", error=type(error).__name__)
            return False
        return True

    async def _actor(self) -> Actor | None:
        session = self.scope["session"]
        # Read again: the session may have ended since the socket was opened.
        user = await get_user({"session": session.__class__(session.session_key)})
        slug = self.scope["url_route"]["kwargs"]["slug"]
        if not user.is_authenticated:
            return None
        actor: Actor | None = await database_sync_to_async(actor_of_user)(
            user=user, slug=slug, at=utc_now()
        )
        return actor
