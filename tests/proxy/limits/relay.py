"""A wire to Redis that can be cut and slowed."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from urllib.parse import urlsplit, urlunsplit


class Relay:
    """Passes bytes between its own port and the server's, while `is_up`, after `delay_s`."""

    def __init__(self, url: str) -> None:
        self._parts = urlsplit(url)
        self._links: set[asyncio.StreamWriter] = set()
        self._server: asyncio.Server | None = None
        self.is_up, self.delay_s, self.url = True, 0.0, ""

    async def open(self) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        port = self._server.sockets[0].getsockname()[1]
        netloc = f":{self._parts.password}@127.0.0.1:{port}"
        self.url = urlunsplit(self._parts._replace(netloc=netloc))

    def cut(self) -> None:
        """Drop every connection and refuse new ones."""
        self.is_up = False
        for writer in self._links:
            writer.close()

    async def close(self) -> None:
        self.cut()
        if self._server:
            self._server.close()
            await self._server.wait_closed()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if not self.is_up:
            writer.close()
            return
        host, port = self._parts.hostname, self._parts.port
        far_reader, far_writer = await asyncio.open_connection(host, port)
        self._links |= {writer, far_writer}
        with suppress(asyncio.CancelledError):  # the test is over
            await asyncio.gather(self._pump(reader, far_writer), self._pump(far_reader, writer))

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while data := await reader.read(65_536):
                await asyncio.sleep(self.delay_s)
                writer.write(data)
        self._links.discard(writer)
        writer.close()


@asynccontextmanager
async def relay(url: str) -> AsyncIterator[Relay]:
    made = Relay(url)
    await made.open()
    try:
        yield made
    finally:
        await made.close()
