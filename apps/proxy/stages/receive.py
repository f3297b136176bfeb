"""Take the caller's body in and read of it what carrying the call needs; its bytes are kept."""

from collections.abc import AsyncIterator

from apps.proxy.client import Client
from apps.proxy.exchange import Exchange
from apps.proxy.runtime import Runtime

# What may be too large to hold: files, and what no table knows.
_UPLOADED = frozenset({"manage", "unknown"})


async def receive(exchange: Exchange, runtime: Runtime) -> None:
    """Fill in `body` and `facts`. Raises BodyTooLarge, MalformedRequest, ClientLeft.

    What goes on verbatim and is too large to hold (uploads) is passed through as it comes, and so
    can be asked only once.
    """
    largest = runtime.settings.largest_body
    if exchange.endpoint.kind in _UPLOADED and _announced_length(exchange) > largest:
        exchange.body = _counted(exchange)
        exchange.is_replayable = False
    else:
        exchange.body = await exchange.client.read(largest)
        exchange.request_bytes = len(exchange.body)
        exchange.client.watch()
    exchange.facts = exchange.dialect.read_request(
        exchange.endpoint,
        exchange.headers,
        exchange.body if isinstance(exchange.body, bytes) else b"",
    )


def _announced_length(exchange: Exchange) -> float:
    """The length that the caller states; without one it may be of any size."""
    length = exchange.header(b"content-length")
    if length is None:
        return float("inf") if exchange.header(b"transfer-encoding") else 0
    return int(length) if length.isdecimal() else float("inf")


async def _counted(exchange: Exchange) -> AsyncIterator[bytes]:
    client: Client = exchange.client
    async for part in client.parts():
        exchange.request_bytes += len(part)
        yield part
    client.watch()
