"""The floor: what a relay costs that knows nobody, reads nothing and writes nothing down.

UPSTREAM=http://127.0.0.1:PORT uvicorn bench.relays.floor:application
"""

import os
from typing import Any

import aiohttp

from apps.kernel.lifespan import Receive, Send, run_lifespan

_UPSTREAM = os.environ.get("UPSTREAM", "")
_HOP = frozenset(
    {b"host", b"connection", b"content-length", b"transfer-encoding", b"accept-encoding"}
)
_ENDING = frozenset({b"connection", b"transfer-encoding", b"content-encoding"})


class Floor:
    """Reads the body, asks the upstream, and passes each piece on as it comes."""

    def __init__(self) -> None:
        self._session: aiohttp.ClientSession

    async def __call__(self, scope: dict[str, Any], receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await run_lifespan(receive, send, at_start=self._open, at_stop=self._close)
            return
        headers = [(n.decode(), v.decode()) for n, v in scope["headers"] if n not in _HOP]
        url, body = _UPSTREAM + scope["path"], await _body(receive)
        async with self._session.post(url, headers=headers, data=body) as answer:
            await send(_start(answer))
            async for piece in answer.content.iter_any():
                await send({"type": "http.response.body", "body": piece, "more_body": True})
        await send({"type": "http.response.body", "body": b""})

    async def _open(self) -> None:
        connector = aiohttp.TCPConnector(limit=0)
        self._session = aiohttp.ClientSession(
            connector=connector,
            cookie_jar=aiohttp.DummyCookieJar(),
            timeout=aiohttp.ClientTimeout(total=None),
        )

    async def _close(self) -> None:
        await self._session.close()


async def _body(receive: Receive) -> bytes:
    parts = []
    while True:
        message = await receive()
        parts.append(message.get("body", b""))
        if not message.get("more_body"):
            return b"".join(parts)


def _start(answer: aiohttp.ClientResponse) -> dict[str, Any]:
    headers = [(n.lower(), v) for n, v in answer.raw_headers if n.lower() not in _ENDING]
    return {"type": "http.response.start", "status": answer.status, "headers": headers}


application = Floor()
