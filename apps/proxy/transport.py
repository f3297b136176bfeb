"""The connections to providers: aiohttp, guarded at connect time, byte for byte."""

import asyncio
import io
import socket
import ssl
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import aiohttp
from yarl import URL

from apps.proxy.direct import READ_BUFFER_BYTES, Answer, Direct
from apps.proxy.failures import (
    AddressRefused,
    AnswerTooLarge,
    ConnectFailed,
    ConnectTimeout,
    FirstByteTimeout,
    IdleTimeout,
    Truncated,
    UpstreamFailure,
)
from apps.tenants.addresses import is_forbidden

Body = bytes | AsyncIterator[bytes] | None
EVENT_STREAM = "text/event-stream"
# aiohttp warns of larger bodies given as bytes, and sends these in pieces instead.
_SENT_AT_ONCE = 1 << 20
_KEPT_CONNECTION_SECONDS = 55.0
_SKIPPED = ("User-Agent", "Content-Type", "Accept", "Accept-Encoding")


@dataclass(frozen=True, slots=True)
class Timeouts:
    """Seconds; `total` bounds the whole call, retries included."""

    connect: float = 5.0
    first_byte: float = 600.0
    idle: float = 300.0
    total: float = 3600.0


@dataclass(slots=True)  # not frozen, which would take four times as long
class UpstreamRequest:
    """One request to a provider. `url` is sent as it stands."""

    method: str
    url: str
    headers: list[tuple[str, str]]
    body: Body
    may_reach_private: bool = False


class ForbiddenAddress(OSError):
    """A host name led to an address that customers may not make us call."""


class Upstream:
    """An answer whose head has arrived. `headers` are the raw pairs."""

    __slots__ = ("_response", "headers", "status")

    def __init__(self, response: aiohttp.ClientResponse | Answer) -> None:
        self._response = response
        self.status = response.status
        self.headers = response.raw_headers

    @property
    def content_type(self) -> str:
        """The media type in lower case, without parameters; empty when there is none."""
        value = self._response.headers.get("Content-Type", "")
        return value.partition(";")[0].strip().lower()

    def header(self, name: str) -> str | None:
        """The first header of that name."""
        return self._response.headers.get(name)

    async def read(self, limit: int) -> bytes:
        """The whole body. Raises AnswerTooLarge past `limit` bytes, Truncated, IdleTimeout."""
        parts: list[bytes] = []
        size = 0
        while chunk := await self.next_chunk():
            size += len(chunk)
            if size > limit:
                raise AnswerTooLarge
            parts.append(chunk)
        return parts[0] if len(parts) == 1 else b"".join(parts)

    async def next_chunk(self) -> bytes:
        """What has come of the body, at least a byte; empty at its end.

        Raises Truncated, IdleTimeout.
        """
        try:
            return await self._response.content.readany()
        except aiohttp.ServerTimeoutError as error:
            raise IdleTimeout from error
        except (aiohttp.ClientError, OSError) as error:
            raise Truncated from error

    def release(self) -> None:
        """Give the connection back when the body was read to its end, else drop it."""
        self._response.release()

    def abort(self) -> None:
        """Drop the connection, which tells the provider to stop."""
        self._response.close()


class Transport:
    """Two pools: one that reaches public addresses only, one for upstreams the operator allows."""

    def __init__(self, *, tls: ssl.SSLContext | None = None) -> None:
        self._tls = tls or ssl.create_default_context()
        self._public = _session(_public_socket, self._tls)
        self._private = _session(_any_socket, self._tls)
        self._direct = {True: Direct(self._private), False: Direct(self._public)}

    async def open(self, request: UpstreamRequest, timeouts: Timeouts) -> Upstream:
        """Send the request and wait for the head of the answer. Raises UpstreamFailure.

        Redirects are answers like any other: following one could lead to another host.
        """
        try:
            async with asyncio.timeout(timeouts.first_byte):
                return Upstream(await self._send(request, timeouts))
        except aiohttp.ClientError as error:
            raise _failure(error) from error
        except TimeoutError as error:
            raise FirstByteTimeout from error
        except OSError as error:
            raise ConnectFailed from error

    async def _send(
        self, request: UpstreamRequest, timeouts: Timeouts
    ) -> aiohttp.ClientResponse | Answer:
        url, body = URL(request.url, encoded=True), request.body
        if request.method == "POST" and isinstance(body, bytes) and url.raw_user is None:
            direct = self._direct[request.may_reach_private]
            return await direct.post(url, request.headers, body, _client_timeout(timeouts))
        session = self._private if request.may_reach_private else self._public
        return await session.request(
            request.method,
            url,
            headers=request.headers,
            data=_payload(body),
            timeout=_client_timeout(timeouts),
            allow_redirects=False,
        )

    async def websocket(
        self, request: UpstreamRequest, headers: list[tuple[str, str]], protocols: list[str]
    ) -> aiohttp.ClientWebSocketResponse:
        """A WebSocket to the provider, messages of any size. Raises aiohttp.ClientError."""
        session = self._private if request.may_reach_private else self._public
        return await session.ws_connect(
            URL(request.url, encoded=True), headers=headers, protocols=protocols, max_msg_size=0
        )

    async def close(self) -> None:
        """Drop all connections."""
        await self._public.close()
        await self._private.close()


_SocketFactory = Callable[[Any], socket.socket]


def _session(make_socket: _SocketFactory, tls: ssl.SSLContext) -> aiohttp.ClientSession:
    connector = aiohttp.TCPConnector(
        limit=0,
        ssl=tls,
        keepalive_timeout=_KEPT_CONNECTION_SECONDS,
        ttl_dns_cache=30,
        socket_factory=make_socket,
    )
    return aiohttp.ClientSession(
        connector=connector,
        cookie_jar=aiohttp.DummyCookieJar(),
        skip_auto_headers=_SKIPPED,
        trust_env=False,
        read_bufsize=READ_BUFFER_BYTES,
    )


def _public_socket(address: Any) -> socket.socket:
    # The last moment before a connection: whatever the name resolved to, rebinding included.
    host = address[4][0]
    if is_forbidden(host):
        raise ForbiddenAddress(f"{host} is not a public address")
    return _any_socket(address)


def _any_socket(address: Any) -> socket.socket:
    family, kind, protocol, _, _ = address
    return socket.socket(family, kind, protocol)


def _payload(body: Body) -> Any:
    if isinstance(body, bytes) and len(body) > _SENT_AT_ONCE:
        return io.BytesIO(body)
    return body


@lru_cache(maxsize=1_024)  # one for each wording of a route
def _client_timeout(timeouts: Timeouts) -> aiohttp.ClientTimeout:
    return aiohttp.ClientTimeout(total=None, sock_connect=timeouts.connect, sock_read=timeouts.idle)


def _failure(error: aiohttp.ClientError) -> UpstreamFailure:
    if isinstance(error, aiohttp.ConnectionTimeoutError):
        return ConnectTimeout()
    if isinstance(error, aiohttp.ServerTimeoutError):
        return FirstByteTimeout()
    if isinstance(error, aiohttp.ClientConnectorError):
        return AddressRefused() if _is_forbidden(error) else ConnectFailed()
    if isinstance(error, aiohttp.InvalidURL):
        return ConnectFailed()
    return Truncated()


def _is_forbidden(error: aiohttp.ClientConnectorError) -> bool:
    return isinstance(error.os_error, ForbiddenAddress) or "is not a public address" in str(
        error.os_error
    )
