"""Is it there, and does it answer: Postgres, Valkey and HTTP asked with the standard library."""

import http.client
import socket
import struct
from urllib.parse import SplitResult, unquote, urlsplit

from netra.launch.failures import LaunchError

_DEFAULT_PORTS = {"postgres": 5432, "postgresql": 5432, "redis": 6379, "rediss": 6379}
_POSTGRES_PROTOCOL_3 = 196_608
_ERRORS = (OSError, http.client.HTTPException)


def postgres_answers(port: int) -> bool:
    """True when the server on 127.0.0.1:`port` asks for a password, so accepts connections."""
    body = struct.pack("!i", _POSTGRES_PROTOCOL_3) + b"user\0netra\0database\0netra\0\0"
    packet = struct.pack("!i", len(body) + 4) + body
    return _exchange("127.0.0.1", port, packet).startswith(b"R")


def valkey_answers(port: int, password: str) -> bool:
    """True when the server on 127.0.0.1:`port` takes the password and has loaded its data."""
    reply = _exchange("127.0.0.1", port, f"AUTH {password}\r\n".encode())
    if not reply.startswith(b"+OK"):
        return False
    return b"+PONG" in _exchange(
        "127.0.0.1", port, f"AUTH {password}\r\nPING\r\n".encode(), b"PONG"
    )


def http_status(port: int, path: str) -> int:
    """The status of GET http://localhost:`port``path`, 0 when nobody answers in two seconds."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=2)
    try:
        connection.request("GET", path, headers={"Host": f"localhost:{port}"})
        return connection.getresponse().status
    except _ERRORS:
        return 0
    finally:
        connection.close()


def require_reachable(variable: str, url: str) -> None:
    """Raise LaunchError naming `variable`, host and port when nothing listens at `url`."""
    host, port = _address(variable, urlsplit(url))
    try:
        socket.create_connection((host, port), timeout=5).close()
    except OSError as error:
        raise LaunchError(
            f"{variable} points to {host}:{port}, which cannot be reached "
            f"({error.strerror or error}); start that server, or unset {variable} "
            "to let apex run its own"
        ) from error


def _address(variable: str, parts: SplitResult) -> tuple[str, int]:
    try:
        host, port = parts.hostname, parts.port or _DEFAULT_PORTS.get(parts.scheme)
    except ValueError as error:
        raise LaunchError(f"{variable} is not a URL ({error}); correct it") from error
    if not host or not port:
        raise LaunchError(f"{variable} must look like SCHEME://USER:PASSWORD@HOST:PORT/NAME")
    return unquote(host), port


def _exchange(host: str, port: int, message: bytes, until: bytes = b"") -> bytes:
    """Send `message`; what came back up to `until` (any bytes by default), empty on failure."""
    reply = b""
    try:
        with socket.create_connection((host, port), timeout=1) as connection:
            connection.sendall(message)
            while until not in reply or not reply:
                received = connection.recv(4096)
                if not received:
                    break
                reply += received
    except OSError:
        return b""
    return reply
