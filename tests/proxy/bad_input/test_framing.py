"""What HTTP itself forbids, written by hand: refused in a provider's shape, then hung up."""

import orjson
import pytest

from tests.gateways import RunningGateway
from tests.proxy.bad_input.raw import CHAT, Reply, told, written
from tests.simulator import RunningSimulator

BODY = orjson.dumps(CHAT)
CHUNKED = ("transfer-encoding", "chunked")
PATH = "/v1/chat/completions"
CHUNKS = b"%x\r\n%s\r\n0\r\n\r\n" % (len(BODY), BODY)


def key(gateway: RunningGateway) -> tuple[str, str]:
    return "authorization", f"Bearer {gateway.key}"


def refused(reply: Reply | None, shape: str = "openai", status: int = 400) -> bool:
    assert reply
    assert (reply.status, reply.shape, reply.headers["connection"]) == (status, shape, "close")
    return reply.code in ("invalid_http_request", "request_header_too_large")


BAD_LINES = {
    "an unknown method": b"FOO /v1/models HTTP/1.1\r\nhost: x\r\n\r\n",
    "a method in small letters": b"get /v1/models HTTP/1.1\r\nhost: x\r\n\r\n",
    "CONNECT": b"CONNECT x:443 HTTP/1.1\r\nhost: x\r\n\r\n",
    "HTTP/2's preface": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "HTTP/1.2": b"GET /v1/models HTTP/1.2\r\nhost: x\r\n\r\n",
    "HTTP/9.9": b"GET /v1/models HTTP/9.9\r\nhost: x\r\n\r\n",
    "HTTPS where HTTP is spoken": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"a" * 64,
    "noise": b"\xff\xfe" * 64 + b"\r\n\r\n",
    "no path": b"GET  HTTP/1.1\r\nhost: x\r\n\r\n",
    "a space in the path": b"GET /v1/a b HTTP/1.1\r\nhost: x\r\n\r\n",
    "8-bit path": b"GET /v1/\xc3\xa9 HTTP/1.1\r\nhost: x\r\n\r\n",
    "8-bit query": b"GET /v1/models?q=\xe9 HTTP/1.1\r\nhost: x\r\n\r\n",
    "another host's user": b"GET @evil.example/x HTTP/1.1\r\nhost: x\r\n\r\n",
    "a broken absolute path": b"GET http://[::1/x HTTP/1.1\r\nhost: x\r\n\r\n",
    "an absolute path without one": b"GET http://evil.example HTTP/1.1\r\nhost: x\r\n\r\n",
    "lines that end with LF": b"GET /v1/models HTTP/1.1\nhost: x\n\n",
    "70,000 characters of path": b"GET /" + b"a" * 70_000 + b" HTTP/1.1\r\nhost: x\r\n\r\n",
}


@pytest.mark.parametrize("request_bytes", BAD_LINES.values(), ids=BAD_LINES.keys())
def test_a_request_line_that_is_none(gateway: RunningGateway, request_bytes: bytes) -> None:
    assert refused(told(gateway.url, request_bytes))


@pytest.mark.parametrize(
    "header",
    [
        ("x-a", b"a\x00b"),
        ("x-a", b"a\rb"),
        ("x-a", b"a\x01b"),
        ("x-a", b"a\x7fb"),
        ("x-a", b"a\r\n folded"),
        ("x-a", b"a\r\nno colon"),
        ("x-a ", b"space before the colon"),
        ("x a", b"space in the name"),
        ("x-\xe9", b"8-bit name"),
        ("", b"no name"),
        ("host", b"another"),
        ("content-length", b"5"),
        ("content-length", b"%d" % len(BODY)),
        ("content-length", b"abc"),
        ("transfer-encoding", b"chunked"),
        ("transfer-encoding", b"identity"),
    ],
    ids=repr,
)
@pytest.mark.parametrize(
    ("path", "shape"), [(PATH, "openai"), ("/v1/messages", "anthropic"), ("/v2/chat", "cohere")]
)
def test_a_header_that_two_servers_could_read_in_two_ways(
    gateway: RunningGateway,
    simulator: RunningSimulator,
    header: tuple[str, bytes],
    path: str,
    shape: str,
) -> None:
    assert refused(told(gateway.url, written("POST", path, key(gateway), header, body=BODY)), shape)
    assert simulator.calls() == []


@pytest.mark.parametrize(
    "length",
    ["-5", "+5", "0x5", "5, 5", "5 5", "5.0", "", "9" * 30, "9" * 5000],
    ids=lambda v: v[:9],
)
def test_a_content_length_that_is_no_number(gateway: RunningGateway, length: str) -> None:
    request = written("POST", PATH, key(gateway), ("content-length", length), length=False)
    assert refused(told(gateway.url, request + BODY))


@pytest.mark.parametrize(
    "coding",
    [
        "xchunked",
        "chunked, identity",
        "gzip, chunked",
        "chunked, chunked",
        "identity",
        "",
        "\x0bchunked",
    ],
)
def test_a_coding_that_we_do_not_undo(gateway: RunningGateway, coding: str) -> None:
    request = written("POST", PATH, key(gateway), ("transfer-encoding", coding), length=False)
    assert refused(told(gateway.url, request + CHUNKS))


def test_two_codings_and_those_of_http_1_0(gateway: RunningGateway) -> None:
    twice = written("POST", PATH, key(gateway), CHUNKED, CHUNKED, length=False) + CHUNKS
    assert refused(told(gateway.url, twice))
    once = written("POST", PATH, key(gateway), CHUNKED, length=False) + CHUNKS
    assert refused(told(gateway.url, once.replace(b"HTTP/1.1", b"HTTP/1.0")))


@pytest.mark.parametrize(
    "body",
    [
        b"zz\r\nhello\r\n0\r\n\r\n",
        b"-1\r\nhello\r\n0\r\n\r\n",
        b"ffffffffffffffffff\r\nhello\r\n0\r\n\r\n",
        b"5\nhello\n0\n\n",
        b"3\r\nhello\r\n0\r\n\r\n",
        b"0x5\r\nhello\r\n0\r\n\r\n",
        b"5 \r\nhello\r\n0\r\n\r\n",
        b"5;a\nb\r\nhello\r\n0\r\n\r\n",
        b"\r\nhello\r\n0\r\n\r\n",
    ],
)
def test_chunks_that_are_none(
    gateway: RunningGateway, simulator: RunningSimulator, body: bytes
) -> None:
    request = written("POST", PATH, key(gateway), CHUNKED, length=False)
    assert refused(told(gateway.url, request + body))
    assert simulator.calls() == []


def test_extensions_of_chunks_are_left_out(
    gateway: RunningGateway, simulator: RunningSimulator
) -> None:
    body = b'%x;a=b;c="d"\r\n%s\r\n0;last\r\n\r\n' % (len(BODY), BODY)
    request = written("POST", PATH, key(gateway), CHUNKED, length=False)
    reply = told(gateway.url, request + body)
    assert reply
    assert reply.status == 200
    assert simulator.calls()[0].body == BODY


def test_a_trailer_is_no_header(gateway: RunningGateway, simulator: RunningSimulator) -> None:
    trailers = b"netra-key: nap_live_x\r\nx-late: 1\r\nnetra-provider: groq\r\n"
    request = written("POST", PATH, key(gateway), CHUNKED, length=False)
    reply = told(gateway.url, request + CHUNKS.removesuffix(b"\r\n") + trailers + b"\r\n")
    assert reply
    assert reply.status == 200
    [call] = simulator.calls()
    assert call.headers["authorization"] == "Bearer sim-key-1"
    assert "x-late" not in call.headers


def test_a_second_request_behind_the_first_is_one_of_its_own(
    gateway: RunningGateway, simulator: RunningSimulator
) -> None:
    first = written("POST", PATH, key(gateway), body=BODY)
    second = written("GET", "/v1/models", ("authorization", "Bearer nap_live_wrong"))
    reply = told(gateway.url, first + second)
    assert reply
    assert reply.status == 200
    assert len(simulator.calls()) == 1


@pytest.mark.parametrize("size", [300_000, 1 << 20, 8 << 20])
@pytest.mark.parametrize("ending", [b"\r\n\r\n", b""], ids=["ended", "endless"])
def test_headers_that_are_too_large(gateway: RunningGateway, size: int, ending: bytes) -> None:
    head = written("GET", "/v1/models", key(gateway), length=False)[:-2] + b"x-a: " + b"a" * size
    reply = told(gateway.url, head + ending)
    assert reply is None or reply.status in (431, 400)


def test_too_many_headers(gateway: RunningGateway) -> None:
    many = [(f"x-{number}", "a") for number in range(20_000)]
    reply = told(gateway.url, written("GET", "/v1/models", *many))
    assert reply is None or refused(reply, status=431)


def test_a_large_head_that_is_allowed(gateway: RunningGateway) -> None:
    reply = told(gateway.url, written("GET", "/v1/models", key(gateway), ("x-a", "a" * 30_000)))
    assert reply
    assert reply.status == 200


@pytest.mark.parametrize("host", [[], [("x-no", "host")]])
def test_a_host_is_not_asked_for(gateway: RunningGateway, host: list[tuple[str, str]]) -> None:
    request = written("GET", "/v1/models", key(gateway), *host).replace(b"host: gateway\r\n", b"")
    reply = told(gateway.url, request)
    assert reply
    assert reply.status == 200


@pytest.mark.parametrize(
    "headers",
    [
        [("connection", "upgrade"), ("upgrade", "websocket")],
        [("connection", "upgrade"), ("upgrade", "websocket"), ("sec-websocket-version", "13")],
        [("connection", "Upgrade, HTTP2-Settings"), ("upgrade", "h2c"), ("http2-settings", "x")],
        [("expect", "200-ok")],
        [("te", "trailers"), ("trailer", "x")],
    ],
    ids=repr,
)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_an_upgrade_that_leads_nowhere_is_answered(
    gateway: RunningGateway, headers: list[tuple[str, str]], method: str
) -> None:
    body = BODY if method == "POST" else b""
    reply = told(gateway.url, written(method, PATH, key(gateway), *headers, body=body))
    assert reply
    assert 200 <= reply.status < 500


def test_a_body_that_ends_early_is_given_up(
    gateway: RunningGateway, simulator: RunningSimulator
) -> None:
    short = written("POST", PATH, key(gateway), ("content-length", "5000"), length=False)
    gateway.forget_events()
    assert told(gateway.url, short + BODY, is_half_closed=True) is None
    [event] = gateway.events()
    assert (event.outcome, event.attempts) == ("cancelled", ())
    assert simulator.calls() == []


def test_a_continue_is_said_before_the_body_is_taken(gateway: RunningGateway) -> None:
    request = written("POST", PATH, key(gateway), ("expect", "100-continue"), body=BODY)
    reply = told(gateway.url, request)
    assert reply
    assert reply.status == 200


def test_a_wrong_key_is_told_before_the_body_is_taken(gateway: RunningGateway) -> None:
    wrong = ("authorization", "Bearer nap_live_wrong")
    head = written("POST", PATH, wrong, ("content-length", "999999"), length=False)
    reply = told(gateway.url, head)
    assert reply
    assert (reply.status, reply.shape) == (401, "openai")
