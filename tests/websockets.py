"""A browser's WebSocket for tests. Channels' own wants a server that we do not install."""

import json
from typing import Any

from asgiref.testing import ApplicationCommunicator


class Socket:
    """Speaks JSON with an ASGI application on `path`."""

    def __init__(self, application: Any, path: str, headers: dict[str, str]) -> None:
        pairs = [(name.encode(), value.encode()) for name, value in headers.items()]
        scope = {"type": "websocket", "path": path, "headers": pairs, "subprotocols": []}
        untyped: Any = ApplicationCommunicator
        self._wire = untyped(application, scope)

    async def open(self) -> int | None:
        """None when it was accepted, else the code it was closed with."""
        await self._wire.send_input({"type": "websocket.connect"})
        answer = await self._wire.receive_output(timeout=5)
        return None if answer["type"] == "websocket.accept" else answer["code"]

    async def say(self, content: str | bytes) -> None:
        """Send a text or binary frame."""
        kind = "text" if isinstance(content, str) else "bytes"
        await self._wire.send_input({"type": "websocket.receive", kind: content})

    async def hear(self) -> Any:
        """The next message, or the code of the end."""
        answer = await self._wire.receive_output(timeout=5)
        return json.loads(answer["text"]) if "text" in answer else answer["code"]

    async def is_silent(self, seconds: float = 0.1) -> bool:
        return bool(await self._wire.receive_nothing(timeout=seconds))

    async def leave(self) -> None:
        await self._wire.send_input({"type": "websocket.disconnect", "code": 1000})
        await self._wire.wait(timeout=5)
