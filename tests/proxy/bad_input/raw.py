"""HTTP written by hand, for requests that no client would send."""

import socket
from contextlib import suppress
from dataclasses import dataclass
from http.client import HTTPException, HTTPResponse
from typing import Any
from urllib.parse import urlsplit

import orjson

# The longest that any answer may take; more is a hang.
PATIENCE = 5.0
CHAT = {"model": "gpt-4o-mini", "messages": [{"role": "user", "content": "hi"}]}


@dataclass(frozen=True)
class Reply:
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def is_ours(self) -> bool:
        """Whether the gateway itself refused."""
        return "netra-error-code" in self.headers

    @property
    def code(self) -> str:
        return self.headers.get("netra-error-code", "")

    @property
    def shape(self) -> str:
        """Whose errors look like this one."""
        return shape_of(orjson.loads(self.body))


def shape_of(document: Any) -> str:
    """The API whose errors have this shape; empty when it is none of those we know."""
    error = document.get("error")
    if document.get("type") == "error" and {"type", "message"} <= set(error):
        return "anthropic"
    if isinstance(error, dict) and isinstance(error.get("code"), int) and "status" in error:
        return "google"
    if isinstance(error, dict) and {"message", "type", "param", "code"} <= set(error):
        return "openai"
    return "cohere" if {"id", "message"} == set(document) else ""


def told(url: str, request: bytes, *, is_half_closed: bool = False) -> Reply | None:
    """The answer to the bytes of `request`; None when the connection was closed without one.

    Raises TimeoutError when nothing happens.
    """
    place = urlsplit(url)
    with socket.create_connection((place.hostname, place.port), timeout=PATIENCE) as wire:
        _send(wire, request)
        if is_half_closed:
            wire.shutdown(socket.SHUT_WR)
        return _read(wire)


def _send(wire: socket.socket, request: bytes) -> None:
    with suppress(BrokenPipeError, ConnectionResetError):  # refused before its end
        wire.sendall(request)


def _read(wire: socket.socket) -> Reply | None:
    answer = HTTPResponse(wire)
    try:
        answer.begin()
        headers = {name.lower(): value for name, value in answer.getheaders()}
        return Reply(answer.status, headers, answer.read())
    except (HTTPException, ConnectionResetError):
        return None


def written(
    method: str,
    path: str,
    *headers: tuple[str, str | bytes],
    body: bytes = b"",
    length: bool = True,
) -> bytes:
    """A request with these headers, a Host and, unless `length` is False, a Content-Length."""
    head = [f"{method} {path} HTTP/1.1\r\nhost: gateway\r\n".encode("latin-1")]
    for name, value in headers:
        text = value if isinstance(value, bytes) else value.encode("latin-1")
        head.append(name.encode("latin-1") + b": " + text + b"\r\n")
    if length:
        head.append(b"content-length: %d\r\n" % len(body))
    return b"".join([*head, b"\r\n", body])
