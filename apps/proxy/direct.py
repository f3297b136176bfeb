"""A POST whose body is in memory, over connections of our own.

A client library makes some forty objects for each request that this gateway has no use for:
cookies, redirects, authentication, traces, a writer, a reader. That is most of what a relay costs.
"""

import asyncio
import socket
import ssl
from collections.abc import Callable
from functools import lru_cache
from time import monotonic
from typing import Any, NamedTuple

from aiohappyeyeballs import start_connection
from yarl import URL

from apps.proxy.failures import ConnectTimeout
from apps.proxy.reply import Reply, Wire

SocketFactory = Callable[[Any], socket.socket]
_KEPT_SECONDS = 55.0
_NAME_SECONDS = 30.0
# RFC 8305 §8.
_EYEBALLS_SECONDS = 0.25
# Customers choose the addresses, hence the bounds.
_MOST_NAMES = 1_024
_LONGEST_REMEMBERED = 1_024


class Unsendable(ValueError):
    """A header that would be two on the wire."""


class Door(NamedTuple):
    """Where connections lead."""

    host: str
    port: int
    is_tls: bool


class Address(NamedTuple):
    """A URL taken apart: the door, and what the first lines of a request say."""

    door: Door
    start: str


class Direct:
    """The connections that one kind of socket may open. Belongs to one event loop."""

    def __init__(self, make_socket: SocketFactory, tls: ssl.SSLContext) -> None:
        self._make_socket, self._tls = make_socket, tls
        self._idle: dict[Door, dict[Wire, float]] = {}
        self._open: set[Wire] = set()
        self._names: dict[tuple[str, int], tuple[float, list[Any]]] = {}

    async def post(
        self,
        url: str,
        headers: list[tuple[str, str]],
        body: bytes,
        *,
        connect: float,
        first_byte: float,
        idle: float,
    ) -> Reply:
        """Send and wait for the head of the answer. `url` has no user in it; seconds.

        headers: without those that frame the body. Raises UpstreamFailure, OSError, Unsendable.
        """
        address = address_of(url)
        head = _head(address.start, headers, len(body))
        wire = self._kept(address.door) or await self._connected(address.door, connect)
        reply = wire.ask(head, body, idle)
        try:
            await reply.head(first_byte)
        except BaseException:
            reply.abort()
            raise
        return reply

    def close(self) -> None:
        """Drop all connections."""
        for wire in tuple(self._open):
            wire.close()

    def _kept(self, door: Door) -> Wire | None:
        """A connection that served before, the one used last."""
        kept = self._idle.get(door)
        while kept:
            wire, since = kept.popitem()
            if wire.is_open and monotonic() - since < _KEPT_SECONDS:
                return wire
            wire.close()
        return None

    def _keep(self, door: Door, wire: Wire) -> None:
        now = monotonic()
        kept = self._idle.setdefault(door, {})
        kept[wire] = now
        oldest = next(iter(kept))
        if now - kept[oldest] > _KEPT_SECONDS:
            del kept[oldest]
            oldest.close()

    def _forget(self, door: Door, wire: Wire) -> None:
        self._open.discard(wire)
        kept = self._idle.get(door)
        if kept is not None:
            kept.pop(wire, None)
            if not kept:
                del self._idle[door]

    async def _connected(self, door: Door, seconds: float) -> Wire:
        try:
            async with asyncio.timeout(seconds):
                return await self._connect(door)
        except TimeoutError as error:
            raise ConnectTimeout from error

    async def _connect(self, door: Door) -> Wire:
        loop = asyncio.get_running_loop()
        connected = await start_connection(
            await self._resolved(door.host, door.port),
            happy_eyeballs_delay=_EYEBALLS_SECONDS,
            interleave=1,
            socket_factory=self._make_socket,
        )
        wire = Wire(lambda idle: self._keep(door, idle), lambda lost: self._forget(door, lost))
        self._open.add(wire)
        try:
            await loop.create_connection(
                lambda: wire,
                sock=connected,
                ssl=self._tls if door.is_tls else None,
                server_hostname=door.host if door.is_tls else None,
            )
        except BaseException:
            self._open.discard(wire)
            connected.close()
            raise
        return wire

    async def _resolved(self, host: str, port: int) -> list[Any]:
        """Addresses of a name, remembered for a while: whoever connects looks at them again."""
        now = monotonic()
        known = self._names.get((host, port))
        if known and now - known[0] < _NAME_SECONDS:
            return known[1]
        loop = asyncio.get_running_loop()
        found: list[Any] = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        if len(self._names) >= _MOST_NAMES:
            del self._names[next(iter(self._names))]
        self._names[host, port] = now, found
        return found


def address_of(url: str) -> Address:
    """Raises ValueError for what is no URL with a host."""
    return _known_address(url) if len(url) <= _LONGEST_REMEMBERED else _address(url)


def _address(url: str) -> Address:
    parsed = URL(url, encoded=True)
    if parsed.raw_host is None or parsed.port is None:
        raise ValueError("A URL without a host leads nowhere.")
    door = Door(parsed.raw_host, parsed.port, parsed.scheme in ("https", "wss"))
    start = f"POST {parsed.raw_path_qs} HTTP/1.1\r\nhost: {parsed.host_port_subcomponent}\r\n"
    return Address(door, start)


_known_address = lru_cache(maxsize=_MOST_NAMES)(_address)


def _head(start: str, headers: list[tuple[str, str]], length: int) -> bytes:
    """Raises Unsendable."""
    lines = "".join([f"{name}: {value}\r\n" for name, value in headers])
    text = f"{start}{lines}content-length: {length}\r\n\r\n"
    breaks = len(headers) + 4
    if text.count("\r") != breaks or text.count("\n") != breaks or "\0" in text:
        raise Unsendable("A header holds a line break.")
    return text.encode()
