"""The answer of a call that is answered later: where to ask for it."""

from datetime import datetime
from uuid import UUID

import orjson

from apps.proxy.client import Headers
from apps.proxy.upstream import Upstream

_PREFER = b"prefer"
_ASYNC = b"respond-async"
ACCEPTED = 202


class Accepted(Upstream):
    """An answer of ours in place of a provider's: RFC 9110 §15.3.3, RFC 7240 §4.1."""

    __slots__ = ()

    def __init__(self, location: str) -> None:
        super().__init__(
            ACCEPTED,
            [
                (b"content-type", b"application/json"),
                (b"location", location.encode()),
                (b"preference-applied", _ASYNC),
            ],
        )

    async def next_chunk(self) -> bytes:
        """There is nothing to wait for."""
        return b""

    def release(self) -> None:
        """There is no connection."""

    def abort(self) -> None:
        """There is no connection."""


def prefers_async(headers: Headers) -> bool:
    """Whether the caller can take a 202 and ask again (RFC 7240)."""
    said = b",".join(value for name, value in headers if name == _PREFER)
    tokens = (each.partition(b";")[0].strip().lower() for each in said.split(b","))
    return _ASYNC in tokens


def receipt(event_id: UUID, *, location: str, due_at: datetime) -> bytes:
    """The body of the 202, in the words of `GET /api/v1/deferred-calls/ID`."""
    return orjson.dumps(
        {
            "id": event_id,
            "object": "deferred_call",
            "status": "waiting",
            "status_url": location,
            "due_at": due_at,
        }
    )
