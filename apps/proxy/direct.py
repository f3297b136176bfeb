"""A POST whose body is in memory, over aiohttp's connections but without its session.

The session makes some twenty objects for each request that this gateway has no use for: cookies,
redirects, authentication, traces, a writer. That is half of what a relay costs. Its connector
(pools, names, TLS), its protocol and its parser are used as they are.
"""

import asyncio
from collections import OrderedDict
from typing import Any

import aiohttp
from aiohttp.client_reqrep import ClientRequest
from aiohttp.connector import Connection
from aiohttp.http_exceptions import HttpProcessingError
from yarl import URL

READ_BUFFER_BYTES = 1 << 17
# Customers choose the addresses, hence the bound.
_MOST_DOORS = 1_024


class Unsendable(ValueError):
    """A header that would be two on the wire."""


class Answer:
    """An answer whose head has arrived, with what `transport.Upstream` asks of one."""

    __slots__ = ("_connection", "content", "headers", "raw_headers", "status")

    def __init__(self, connection: Connection, message: Any, payload: aiohttp.StreamReader) -> None:
        self._connection = connection
        self.status: int = message.code
        self.headers, self.raw_headers = message.headers, message.raw_headers
        self.content = payload
        payload.on_eof(self._ended)

    def release(self) -> None:
        """Give the connection back when the body came to its end, else drop it."""
        self._connection.release()

    def close(self) -> None:
        """Drop the connection."""
        self._connection.close()

    def _ended(self) -> None:
        """Others may have the connection now, unless it still sends what nobody waited for."""
        transport = self._connection.transport
        if transport is not None and transport.get_write_buffer_size():
            self.close()
        else:
            self.release()


class Direct:
    """The requests of one pool of connections."""

    def __init__(self, session: aiohttp.ClientSession) -> None:
        self._session = session
        self._doors: OrderedDict[URL, ClientRequest] = OrderedDict()

    async def post(
        self,
        url: URL,
        headers: list[tuple[str, str]],
        body: bytes,
        patience: aiohttp.ClientTimeout,
    ) -> Answer:
        """Send and wait for the head of the answer. `url` has no user in it.

        headers: without those that frame the body. Raises aiohttp.ClientError, OSError, Unsendable.
        """
        head = _head(url, headers, len(body))
        connection = await self._connect(url, patience)
        try:
            return await _exchanged(connection, head, body, patience)
        except BaseException:
            connection.close()
            raise

    async def _connect(self, url: URL, patience: aiohttp.ClientTimeout) -> Connection:
        connector = self._session.connector
        if connector is None:
            raise aiohttp.ClientConnectionError("The session is closed.")
        try:
            return await connector.connect(self._door(url), [], patience)
        except TimeoutError as error:
            raise aiohttp.ConnectionTimeoutError(f"no connection to {url.host}") from error

    def _door(self, url: URL) -> ClientRequest:
        """What aiohttp's connector wants to know of where a connection leads."""
        origin = url.origin()
        door = self._doors.get(origin)
        if door is None:
            door = ClientRequest(
                "POST", origin, loop=asyncio.get_running_loop(), session=self._session
            )
            self._doors[origin] = door
            if len(self._doors) > _MOST_DOORS:
                self._doors.popitem(last=False)
        return door


async def _exchanged(
    connection: Connection, head: bytes, body: bytes, patience: aiohttp.ClientTimeout
) -> Answer:
    protocol, transport = connection.protocol, connection.transport
    if protocol is None or transport is None:
        raise aiohttp.ServerDisconnectedError
    protocol.set_response_params(
        read_until_eof=True, read_timeout=patience.sock_read, read_bufsize=READ_BUFFER_BYTES
    )
    transport.writelines((head, body))
    protocol.start_timeout()
    try:
        message, payload = await protocol.read()
        while 100 <= message.code < 200 and message.code != 101:  # more is to come
            message, payload = await protocol.read()
    except HttpProcessingError as error:
        raise aiohttp.ClientPayloadError(error.message) from error
    return Answer(connection, message, payload)


def _head(url: URL, headers: list[tuple[str, str]], length: int) -> bytes:
    """Raises Unsendable."""
    lines = [f"POST {url.raw_path_qs} HTTP/1.1", f"host: {url.host_port_subcomponent}"]
    lines += [f"{name}: {value}" for name, value in headers]
    lines.append(f"content-length: {length}")
    text = "\r\n".join(lines)
    breaks = len(lines) - 1
    if text.count("\r") != breaks or text.count("\n") != breaks or "\0" in text:
        raise Unsendable("A header holds a line break.")
    return f"{text}\r\n\r\n".encode()
