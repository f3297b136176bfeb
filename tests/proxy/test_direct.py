"""A POST over aiohttp's connections without its session: what is sent, what comes back."""

import asyncio
import gzip
import zlib
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
from apps.proxy.transport import Timeouts, Transport, UpstreamRequest
from apps.proxy.upstream import Upstream
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


@pytest.mark.parametrize("leave", ["abort", "release"])
async def test_a_connection_with_an_unread_answer_is_not_used_again(
    transport: Transport, leave: str
) -> None:
    upstreams = Upstreams(b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nok", OK)
    async with serving(upstreams) as port:
        getattr(await post(transport, port), leave)()
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


def _answer(body: bytes, *headers: bytes) -> bytes:
    lines = [b"HTTP/1.1 200 OK", b"content-length: %d" % len(body), *headers]
    return b"\r\n".join([*lines, b"", body])


@pytest.mark.parametrize(
    ("coding", "packed"),
    [
        (b"gzip", gzip.compress(b"text", mtime=0)),
        (b"deflate", zlib.compress(b"text")),
        (b"identity", b"text"),
    ],
)
async def test_a_compression_that_nobody_asked_for_is_undone(
    transport: Transport, coding: bytes, packed: bytes
) -> None:
    async with serving(Upstreams(_answer(packed, b"content-encoding: " + coding))) as port:
        assert await (await post(transport, port)).read(10) == b"text"


@pytest.mark.parametrize(
    "answer",
    [
        _answer(b"text", b"content-encoding: br"),
        b"HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: x\r\n\r\n",
    ],
)
async def test_an_answer_that_cannot_be_read_is_a_failure(
    transport: Transport, answer: bytes
) -> None:
    async with serving(Upstreams(answer)) as port:
        with pytest.raises(Truncated):
            await (await post(transport, port)).read(10)


@pytest.mark.parametrize("cut", [gzip.compress(b"text" * 99, mtime=0)[:-9], b"no gzip"])
async def test_a_compressed_body_without_its_end_is_a_failure(
    transport: Transport, cut: bytes
) -> None:
    async with serving(Upstreams(_answer(cut, b"content-encoding: gzip"))) as port:
        with pytest.raises(Truncated):
            await (await post(transport, port)).read(1000)


async def test_a_body_without_a_length_ends_with_its_connection(transport: Transport) -> None:
    answers = [b"HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\n\r\nto the end"] * 2
    upstreams = Upstreams(*answers, hangs_up=True)
    async with serving(upstreams) as port:
        assert await (await post(transport, port)).read(99) == b"to the end"
        assert await (await post(transport, port)).read(99) == b"to the end"
    assert upstreams.connections == 2


@pytest.mark.parametrize("last", [OK + b"stray", OK + OK, OK.replace(b"1.1", b"1.0")])
async def test_a_connection_that_cannot_serve_again_does_not(
    transport: Transport, last: bytes
) -> None:
    upstreams = Upstreams(last, OK)
    async with serving(upstreams) as port:
        assert await (await post(transport, port)).read(99) == b"ok"
        assert await (await post(transport, port)).read(99) == b"ok"
    assert upstreams.connections == 2


async def test_a_connection_that_the_provider_closed_is_not_asked(transport: Transport) -> None:
    upstreams = Upstreams(OK, OK, hangs_up=True)
    async with serving(upstreams) as port:
        for _ in range(2):
            assert await (await post(transport, port)).read(99) == b"ok"
            await asyncio.sleep(0.05)
    assert upstreams.connections == 2


async def test_a_body_in_chunks_of_any_size_arrives_as_it_was(transport: Transport) -> None:
    body = bytes(range(256)) * 8_000
    chunks = b"".join(b"%x\r\n%b\r\n" % (len(part), part) for part in (body[:7], body[7:]))
    answer = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n" + chunks + b"0\r\n\r\n"
    upstreams = Upstreams(answer, OK)
    async with serving(upstreams) as port:
        upstream, parts = await post(transport, port), []
        while part := await upstream.next_chunk():
            parts.append(part)
            await asyncio.sleep(0)  # slower than it comes
        assert b"".join(parts) == body
        assert await (await post(transport, port)).read(99) == b"ok"
    assert upstreams.connections == 1
