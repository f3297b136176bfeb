"""The caller's end of a WebSocket, as uvicorn serves it, without what it writes to the log.

uvicorn --ws apps.proxy.sockets:SocketConnection
"""

import logging
from typing import Any

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

# uvicorn tells the whole URL of each connection, in whose query keys may stand (Azure's do).
_quiet = logging.getLogger(__name__)


class SocketConnection(WebSocketsSansIOProtocol):
    """One connection from its handshake on."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        _quiet.setLevel(logging.WARNING)  # whoever sets up logging later resets it
        self.logger = _quiet

    async def send(self, message: Any) -> None:
        """A handshake that is refused with an answer of ours is complete, and no error to log."""
        await super().send(message)
        is_last = not message.get("more_body", False)
        if message["type"] == "websocket.http.response.body" and is_last:
            self.handshake_complete = True
