"""Realtime: one WebSocket of the caller joined to one of the provider, message for message."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from time import perf_counter
from typing import Any
from urllib.parse import parse_qs

import aiohttp

from apps.kernel.errors import NetraError
from apps.kernel.events import Attempt
from apps.kernel.lifespan import Message, Receive, Send
from apps.proxy import figures
from apps.proxy.exchange import Exchange
from apps.proxy.failures import ConnectFailed, UpstreamFailure
from apps.proxy.providers.facts import RequestFacts
from apps.proxy.providers.keys import SUBPROTOCOL_PREFIX
from apps.proxy.realtime import Conversation
from apps.proxy.runtime import Runtime
from apps.proxy.selection import Candidate
from apps.proxy.stages.admit import admit
from apps.proxy.stages.authenticate import authenticate
from apps.proxy.stages.record import price, record
from apps.proxy.stages.requesting import upstream_request

Socket = aiohttp.ClientWebSocketResponse
# Close codes that stand for something that never was in a frame (RFC 6455 §7.4.1).
_UNSENDABLE = frozenset({1005, 1006, 1015})
_BROKEN = 1011
_DENIAL = "websocket.http.response"
# Of the handshake, which aiohttp writes anew.
_HANDSHAKE = "sec-websocket-"


class HandshakeRefused(UpstreamFailure):
    """With the provider's own status; its words are not told to us."""

    code = "upstream_refused"
    message = "The provider refused the connection. Its status tells why."

    def __init__(self, status: int) -> None:
        super().__init__()
        self.http_status = status  # type: ignore[misc]


async def carry_websocket(
    exchange: Exchange, runtime: Runtime, scope: Message, receive: Receive, send: Send
) -> None:
    """Carry one conversation from its handshake to its last message, as one event."""
    figures.enter()
    conversation = Conversation()
    await receive()  # websocket.connect
    try:
        await _admit(exchange, runtime)
        async with _provider(exchange, runtime) as upstream:
            exchange.status = 101
            exchange.client.has_started = True
            await send({"type": "websocket.accept", "subprotocol": upstream.protocol})
            await _join(upstream, receive, send, conversation)
    except NetraError as failure:
        exchange.failure = failure
        await _deny(exchange, scope, send, failure)
    finally:
        exchange.client.sent_bytes = conversation.sent_bytes
        exchange.request_bytes = conversation.received_bytes
        _record(exchange, runtime, conversation)
        figures.leave()


async def _admit(exchange: Exchange, runtime: Runtime) -> None:
    authenticate(exchange, runtime)
    models = parse_qs(exchange.query).get("model")
    exchange.facts = RequestFacts(model=models[0] if models else None, is_stream=True)
    await admit(exchange, runtime)


@asynccontextmanager
async def _provider(exchange: Exchange, runtime: Runtime) -> AsyncIterator[Socket]:
    """The first provider that takes the handshake. Raises HandshakeRefused, ConnectFailed."""
    failure: NetraError = ConnectFailed()
    for candidate in (each for tier in exchange.tiers for each in tier):
        exchange.candidate = candidate
        began = perf_counter()
        try:
            socket = await _shake_hands(exchange, runtime, candidate)
        except aiohttp.WSServerHandshakeError as error:
            failure = HandshakeRefused(error.status)
        except (aiohttp.ClientError, OSError, TimeoutError):
            failure = ConnectFailed()
        else:
            exchange.attempts.append(_attempt(exchange, candidate, began, None))
            try:
                yield socket
            finally:
                await socket.close()
            return
        exchange.attempts.append(_attempt(exchange, candidate, began, failure))
    raise failure


async def _shake_hands(exchange: Exchange, runtime: Runtime, candidate: Candidate) -> Socket:
    protocols = [p for p in exchange.subprotocols if not p.startswith(SUBPROTOCOL_PREFIX)]
    request = upstream_request(exchange, candidate)
    kept = [pair for pair in request.headers if not pair[0].startswith(_HANDSHAKE)]
    async with asyncio.timeout(exchange.timeouts.first_byte):
        return await runtime.transport.websocket(request, kept, protocols)


def _attempt(
    exchange: Exchange, candidate: Candidate, began: float, failure: NetraError | None
) -> Attempt:
    is_told = isinstance(failure, HandshakeRefused)
    return Attempt(
        provider=candidate.credential.provider,
        credential_id=candidate.credential_id,
        model=candidate.model or exchange.model,
        status=101 if failure is None else failure.http_status if is_told else None,
        outcome="success" if failure is None else "error",
        started_ms=(began - exchange.timing.started) * 1000,
        latency_ms=(perf_counter() - began) * 1000,
        error_code=failure.code if failure else None,
    )


async def _join(upstream: Socket, receive: Receive, send: Send, conversation: Conversation) -> None:
    """Pass messages both ways until either side closes."""
    up = asyncio.create_task(_pass_up(upstream, receive, conversation))
    down = asyncio.create_task(_pass_down(upstream, send, conversation))
    _, waiting = await asyncio.wait((up, down), return_when=asyncio.FIRST_COMPLETED)
    for task in waiting:
        task.cancel()
    await asyncio.gather(*waiting, return_exceptions=True)
    for task in (up, down):
        if not task.cancelled() and (error := task.exception()):
            raise error


async def _pass_up(upstream: Socket, receive: Receive, conversation: Conversation) -> None:
    while (message := await receive())["type"] == "websocket.receive":
        if (text := message.get("text")) is not None:
            conversation.hear(len(text.encode()))
            await upstream.send_str(text)
        else:
            conversation.hear(len(message["bytes"]))
            await upstream.send_bytes(message["bytes"])
    await upstream.close(code=message.get("code") or aiohttp.WSCloseCode.OK)


async def _pass_down(upstream: Socket, send: Send, conversation: Conversation) -> None:
    async for message in upstream:
        if message.type is aiohttp.WSMsgType.TEXT:
            conversation.see(message.data)
            await send({"type": "websocket.send", "text": message.data})
        elif message.type is aiohttp.WSMsgType.BINARY:
            conversation.see_bytes(len(message.data))
            await send({"type": "websocket.send", "bytes": message.data})
    code = upstream.close_code or _BROKEN
    await send({"type": "websocket.close", "code": _BROKEN if code in _UNSENDABLE else code})


async def _deny(exchange: Exchange, scope: Message, send: Send, failure: NetraError) -> None:
    """Refuse the handshake with the provider's own error, where the server lets us."""
    if exchange.client.has_started:
        return
    exchange.status = failure.http_status
    if _DENIAL not in scope.get("extensions", {}):
        await send({"type": "websocket.close", "code": 1008, "reason": failure.code})
        return
    headers, body = exchange.dialect.error(
        failure.http_status, failure.code, failure.detail, request_id=exchange.request_id
    )
    status: dict[str, Any] = {"status": failure.http_status, "headers": headers}
    await send({"type": f"{_DENIAL}.start"} | status)
    await send({"type": f"{_DENIAL}.body", "body": body})


def _record(exchange: Exchange, runtime: Runtime, conversation: Conversation) -> None:
    if not exchange.has_caller:
        figures.turn_away(exchange.failure.code if exchange.failure else "left")
        return
    exchange.reading = conversation.reading()
    price(exchange)
    record(exchange, runtime)
