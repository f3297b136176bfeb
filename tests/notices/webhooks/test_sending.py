"""Where a message may go, decided when it goes."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from ipaddress import ip_address

import pytest

from apps.notices.webhooks.sending import Answer, GuardedTransport, post
from apps.tenants.addresses import NO_PRIVATE_UPSTREAMS, Address, PrivateUpstreams

LOOPBACK = PrivateUpstreams.parse(["127.0.0.0/8"])


class Handler(BaseHTTPRequestHandler):
    """Answers as the path says."""

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["content-length"]))
        if self.path == "/moved":
            self.send_response(307)
            self.send_header("location", "http://169.254.169.254/latest/meta-data")
            self.send_header("content-length", "0")
            self.end_headers()
            return
        text = b"x" * (1 << 20) if self.path == "/long" else self.headers["host"].encode()
        self.send_response(200)
        self.send_header("content-length", str(len(text)))
        self.end_headers()
        if self.path != "/long":
            self.wfile.write(text)
            return
        try:
            self.wfile.write(text)
        except OSError:
            return

    def log_message(self, *_arguments: object) -> None:
        return


@contextmanager
def listening() -> Iterator[int]:
    """A server on loopback; gives its port."""
    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield server.server_port
        finally:
            server.shutdown()
            thread.join()


class Names:
    """A resolver whose names lead where the test says, one answer after the other."""

    def __init__(self, *answers: list[str]) -> None:
        self.answers = list(answers)

    def __call__(self, _name: str) -> list[Address]:
        found = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        return [ip_address(text) for text in found]


def send(url: str, names: Names, private: PrivateUpstreams = NO_PRIVATE_UPSTREAMS) -> Answer:
    return post(url, b"{}", {}, transport=GuardedTransport(resolve=names, private=private))


@pytest.mark.parametrize(
    "addresses",
    [
        ["127.0.0.1"],
        ["169.254.169.254"],
        ["10.0.0.8"],
        ["::1"],
        ["::ffff:127.0.0.1"],
        ["64:ff9b::a9fe:a9fe"],
        ["fd00::1"],
        ["93.184.216.34", "127.0.0.1"],
        [],
    ],
    ids=str,
)
def test_a_name_that_leads_inside_is_not_connected_to(addresses: list[str]) -> None:
    with listening() as port:
        answer = send(f"http://hooks.test:{port}/", Names(addresses))
    assert (answer.status, answer.error) == (None, "hooks.test leads to no public address.")


@pytest.mark.parametrize("host", ["127.0.0.1", "[::1]", "[::ffff:127.0.0.1]", "169.254.169.254"])
def test_an_address_inside_is_not_connected_to(host: str) -> None:
    answer = send(f"http://{host}:9/", Names([]))
    assert answer.status is None
    assert "leads to no public address." in answer.error


def test_a_name_that_turns_inside_after_it_was_checked_is_not_connected_to() -> None:
    names = Names(["93.184.216.34"], ["127.0.0.1"])
    names("hooks.test")  # as it was when the endpoint was stored
    with listening() as port:
        answer = send(f"http://hooks.test:{port}/", names)
    assert answer.error == "hooks.test leads to no public address."


def test_the_connection_goes_to_the_address_that_was_looked_at_under_the_name() -> None:
    with listening() as port:
        answer = send(f"http://hooks.test:{port}/", Names(["127.0.0.1"]), LOOPBACK)
    assert (answer.status, answer.excerpt) == (200, f"hooks.test:{port}")


def test_what_the_operator_named_may_lie_inside() -> None:
    with listening() as port:
        named = PrivateUpstreams.parse([f"hooks.test:{port}"])
        answer = send(f"http://hooks.test:{port}/", Names(["127.0.0.1"]), named)
    assert answer.status == 200


def test_a_redirect_is_a_failure_and_is_not_followed() -> None:
    with listening() as port:
        answer = send(f"http://hooks.test:{port}/moved", Names(["127.0.0.1"]), LOOPBACK)
    assert (answer.status, answer.is_success) == (307, False)


def test_of_a_long_answer_only_the_beginning_is_kept() -> None:
    with listening() as port:
        answer = send(f"http://hooks.test:{port}/long", Names(["127.0.0.1"]), LOOPBACK)
    assert (answer.status, answer.excerpt) == (200, "x" * 500)


def test_a_closed_port_is_said_in_words() -> None:
    with listening() as port:
        pass
    answer = send(f"http://127.0.0.1:{port}/", Names([]), LOOPBACK)
    assert answer == Answer(None, answer.latency_ms, error="[Errno 111] Connection refused")
