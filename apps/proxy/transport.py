"""The connections to providers: aiohttp, guarded at connect time, byte for byte."""

import asyncio
import io
import socket
import ssl
from collections.abc import AsyncIterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import aiohttp
from yarl import URL

from apps.proxy.direct import Direct, SocketFactory
from apps.proxy.failures import (
    AddressRefused,
    ConnectFailed,
    ConnectTimeout,
    FirstByteTimeout,
    IdleTimeout,
    Truncated,
    UpstreamFailure,
)
from apps.proxy.reply import READ_BUFFER_BYTES
from apps.proxy.upstream import Upstream
from apps.tenants.addresses import is_forbidden

Body = bytes | AsyncIterator[bytes] | None
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


class SessionUpstream(Upstream):
    """The answer to a request that went through aiohttp's session."""

    __slots__ = ("_response",)

    def __init__(self, response: aiohttp.ClientResponse) -> None:
        super().__init__(response.status, list(response.raw_headers))
        self._response = response

    async def next_chunk(self) -> bytes:
        try:
            return await self._response.content.readany()
        except aiohttp.ServerTimeoutError as error:
            raise IdleTimeout from error
        except (aiohttp.ClientError, OSError) as error:
            raise Truncated from error

    def release(self) -> None:
        self._response.release()

    def abort(self) -> None:
        self._response.close()


class Transport:
    """Two pools: one that reaches public addresses only, one for upstreams the operator allows."""

    def __init__(self, *, tls: ssl.SSLContext | None = None) -> None:
        self._tls = tls or ssl.create_default_context()
        self._public = _session(_public_socket, self._tls)
        self._private = _session(_any_socket, self._tls)
        self._direct = {
            True: Direct(_any_socket, self._tls),
            False: Direct(_public_socket, self._tls),
        }

    async def open(self, request: UpstreamRequest, timeouts: Timeouts) -> Upstream:
        """Send the request and wait for the head of the answer. Raises UpstreamFailure.

        Redirects are answers like any other: following one could lead to another host.
        """
        try:
            if request.method == "POST" and isinstance(request.body, bytes):
                return await self._post(request, request.body, timeouts)
            async with asyncio.timeout(timeouts.first_byte):
                return await self._send(request, timeouts)
        except aiohttp.ClientError as error:
            raise _failure(error) from error
        except TimeoutError as error:
            raise FirstByteTimeout from error
        except OSError as error:
            raise (AddressRefused if _is_forbidden(error) else ConnectFailed) from error

    async def _post(self, request: UpstreamRequest, body: bytes, timeouts: Timeouts) -> Upstream:
        return await self._direct[request.may_reach_private].post(
            request.url,
            request.headers,
            body,
            connect=timeouts.connect,
            first_byte=timeouts.first_byte,
            idle=timeouts.idle,
        )

    async def _send(self, request: UpstreamRequest, timeouts: Timeouts) -> Upstream:
        session = self._private if request.may_reach_private else self._public
        response = await session.request(
            request.method,
            URL(request.url, encoded=True),
            headers=request.headers,
            data=_payload(request.body),
            timeout=_client_timeout(timeouts),
            allow_redirects=False,
        )
        return SessionUpstream(response)

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
        for direct in self._direct.values():
            direct.close()
        await self._public.close()
        await self._private.close()


def _session(make_socket: SocketFactory, tls: ssl.SSLContext) -> aiohttp.ClientSession:
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
        return AddressRefused() if _is_forbidden(error.os_error) else ConnectFailed()
    if isinstance(error, aiohttp.InvalidURL):
        return ConnectFailed()
    return Truncated()


def _is_forbidden(error: OSError) -> bool:
    """Of several addresses tried, the failures come as one text."""
    return isinstance(error, ForbiddenAddress) or "is not a public address" in str(error)
