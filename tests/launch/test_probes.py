import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

import pytest
from django.conf import settings

from netra.launch.failures import LaunchError
from netra.launch.ports import pick_free
from netra.launch.probes import http_status, postgres_answers, require_reachable, valkey_answers


@contextmanager
def server_that_says(reply: bytes) -> Iterator[int]:
    """A port whose every connection gets `reply` and is closed."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = threading.Thread(target=_answer_once, args=(server, reply))
        thread.start()
        yield server.getsockname()[1]
        thread.join()


def _answer_once(server: socket.socket, reply: bytes) -> None:
    connection, _ = server.accept()
    with connection:
        connection.recv(4096)
        connection.sendall(reply)


def test_the_database_of_this_suite_answers() -> None:
    assert postgres_answers(int(str(settings.DATABASES["default"]["PORT"])))


def test_a_database_that_is_still_starting_does_not_count() -> None:
    with server_that_says(b"E\0\0\0\x5dSFATAL\0C57P03\0\0") as port:
        assert not postgres_answers(port)
    assert not postgres_answers(pick_free())


def test_valkey_answers_to_its_password_only() -> None:
    url = urlsplit(settings.REDIS_URL)
    assert url.port is not None
    assert valkey_answers(url.port, url.password or "")
    assert not valkey_answers(url.port, "wrong")
    assert not valkey_answers(pick_free(), "any")


def test_a_status_is_read_and_silence_is_zero() -> None:
    with server_that_says(b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n") as port:
        assert http_status(port, "/readyz") == 503
    with server_that_says(b"nonsense\r\n\r\n") as port:
        assert http_status(port, "/readyz") == 0
    assert http_status(pick_free(), "/readyz") == 0


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("redis://127.0.0.1:1/0", r"REDIS_URL points to 127\.0\.0\.1:1, which cannot be reached"),
        ("redis://127.0.0.1:many/0", "REDIS_URL is not a URL"),
        ("there", "REDIS_URL must look like SCHEME://"),
    ],
)
def test_an_address_without_server_is_named(url: str, words: str) -> None:
    with pytest.raises(LaunchError, match=words):
        require_reachable("REDIS_URL", url)
