"""A kept answer in the place of a provider's."""

from apps.proxy.upstream import EVENT_STREAM, Upstream

_JSON = "application/json"


class Kept(Upstream):
    """What stages ask of an answer whose head has arrived; there is no connection behind it."""

    __slots__ = ()

    def __init__(self, *, is_stream: bool) -> None:
        media_type = EVENT_STREAM if is_stream else _JSON
        super().__init__(200, [(b"content-type", media_type.encode())])

    async def next_chunk(self) -> bytes:
        """Nothing: the answer is in the exchange already."""
        return b""

    def release(self) -> None:
        """There is nothing to give back."""

    def abort(self) -> None:
        """There is nobody to tell."""
