"""A POST over aiohttp's connections without its session: what is sent, what comes back."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest

from apps.proxy.direct import Unsendable
from apps.proxy.failures import (
    AddressRefused,
    ConnectFailed,
    FirstByteTimeout,
    IdleTimeout,
    Truncated,
)
from apps.proxy.transport import Timeouts, Transport, Upstream, UpstreamRequest
from netra.launch.ports import pick_free

Handler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
TIMEOUTS = Timeouts(connect=0.5, first_byte=0.5, idle=0.5, total=5)
OK = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"
HEADERS = [("content-type", "application/json"), ("x-name", "naïve")]


@pytest.fixture
async def transport() -> AsyncIterator[Transport]:
    made = Transport()
    yield made
    await made.close()


class Upstreams:
    """A provider that answers each request with the next of `answers`."""

    def __init__(self, *answers: bytes, hangs_up: bool = False) -> None:
        self.answers, self.hangs_up = list(answers), hangs_up
        self.requests: list[bytes] = []
        self.connections = 0

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        while self.answers and (head := await _head(reader)):
            length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])
            self.requests.append(head + await reader.readexactly(length))
            writer.write(self.answers.pop(0))
            await writer.drain()
            if self.hangs_up:
                break
        if not self.hangs_up:
            await reader.read()  # until the other side has enough
        writer.close()


async def _head(reader: asyncio.StreamReader) -> bytes:
    try:
        return await reader.readuntil(b"\r\n\r\n")
    except asyncio.IncompleteReadError:
        return b""


@asynccontextmanager
async def serving(handler: Handler) -> AsyncIterator[int]:
    server = await asyncio.start_server(handler, "127.0.0.1", 0)
    yield server.sockets[0].getsockname()[1]
    server.close()


async def post(
    transport: Transport, port: int, body: bytes = b"{}", headers: list[tuple[str, str]] = HEADERS
) -> Upstream:
    request = UpstreamRequest("POST", f"http://127.0.0.1:{port}/v1/x%2Fy?a=b", headers, body, True)
    return await transport.open(request, TIMEOUTS)


async def test_what_is_sent_is_the_path_the_headers_and_the_bytes(transport: Transport) -> None:
    upstreams = Upstreams(OK)
    async with serving(upstreams) as port:
        upstream = await post(transport, port, "{“}".encode())
        assert (upstream.status, await upstream.read(10)) == (200, b"ok")
    assert upstreams.requests == [
        b"POST /v1/x%2Fy?a=b HTTP/1.1\r\nhost: 127.0.0.1:"
        + str(port).encode()
        + "\r\ncontent-type: application/json\r\nx-name: naïve\r\n".encode()
        + "content-length: 5\r\n\r\n{“}".encode()
    ]


async def test_a_connection_is_used_again_once_its_answer_was_read(transport: Transport) -> None:
    upstreams = Upstreams(OK, OK, OK)
    async with serving(upstreams) as port:
        for _ in range(3):
            upstream = await post(transport, port)
            await upstream.read(10)
            upstream.release()
    assert (len(upstreams.requests), upstreams.connections) == (3, 1)


@pytest.mark.parametrize("leave", [Upstream.abort, Upstream.release])
async def test_a_connection_with_an_unread_answer_is_not_used_again(
    transport: Transport, leave: Callable[[Upstream], None]
) -> None:
    upstreams = Upstreams(b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nok", OK)
    async with serving(upstreams) as port:
        leave(await post(transport, port))
        assert await (await post(transport, port)).read(10) == b"ok"
    assert upstreams.connections == 2


async def test_a_body_of_megabytes_arrives_whole(transport: Transport) -> None:
    body = bytes(range(256)) * 20_000
    upstreams = Upstreams(OK)
    async with serving(upstreams) as port:
        await (await post(transport, port, body)).read(10)
    assert upstreams.requests[0].partition(b"\r\n\r\n")[2] == body


async def test_interim_answers_are_passed_over(transport: Transport) -> None:
    upstreams = Upstreams(b"HTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\n" + OK)
    async with serving(upstreams) as port:
        assert (await post(transport, port)).status == 200


async def test_a_header_that_would_be_two_is_not_sent(transport: Transport) -> None:
    upstreams = Upstreams(OK)
    async with serving(upstreams) as port:
        with pytest.raises(Unsendable):
            await post(transport, port, headers=[("x-key", "secret\r\nhost: elsewhere")])
    assert upstreams.requests == []


@pytest.mark.parametrize(
    ("answer", "hangs_up", "failure"),
    [
        (b"", True, Truncated),
        (b"HTTP/1.1 200 OK\r\ncontent-le", True, Truncated),
        (b"no HTTP at all\r\n\r\n", True, Truncated),
        (b"", False, FirstByteTimeout),
    ],
)
async def test_no_head_is_a_failure(
    transport: Transport, answer: bytes, hangs_up: bool, failure: type[Exception]
) -> None:
    async with serving(Upstreams(answer, hangs_up=hangs_up)) as port:
        with pytest.raises(failure):
            await post(transport, port)


@pytest.mark.parametrize(("hangs_up", "failure"), [(True, Truncated), (False, IdleTimeout)])
async def test_half_a_body_is_a_failure(
    transport: Transport, hangs_up: bool, failure: type[Exception]
) -> None:
    half = b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nok"
    async with serving(Upstreams(half, hangs_up=hangs_up)) as port:
        upstream = await post(transport, port)
        with pytest.raises(failure):
            await upstream.read(10)
        upstream.abort()


async def test_a_private_address_is_refused_before_anything_is_sent(transport: Transport) -> None:
    upstreams = Upstreams(OK)
    async with serving(upstreams) as port:
        request = UpstreamRequest("POST", f"http://127.0.0.1:{port}/v1/x", HEADERS, b"{}")
        with pytest.raises(AddressRefused):
            await transport.open(request, TIMEOUTS)
    assert upstreams.connections == 0


async def test_nobody_listening_is_a_failure_to_connect(transport: Transport) -> None:
    with pytest.raises(ConnectFailed):
        await post(transport, pick_free())
