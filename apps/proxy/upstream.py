"""A provider's answer whose head has arrived, however it was asked for."""

from abc import ABC, abstractmethod

from apps.proxy.failures import AnswerTooLarge

EVENT_STREAM = "text/event-stream"
Pairs = list[tuple[bytes, bytes]]


class Upstream(ABC):
    """status: of HTTP. headers: the raw pairs, names as the provider wrote them."""

    __slots__ = ("_media_type", "headers", "status")

    def __init__(self, status: int, headers: Pairs) -> None:
        self.status = status
        self.headers = headers
        self._media_type: str | None = None

    @property
    def content_type(self) -> str:
        """The media type in lower case, without parameters; empty when there is none."""
        if self._media_type is None:
            value = self.header("content-type") or ""
            self._media_type = value.partition(";")[0].strip().lower()
        return self._media_type

    def header(self, name: str) -> str | None:
        """The first header of that name, which is given in lower case."""
        wanted = name.encode()
        for sent, value in self.headers:
            if sent.lower() == wanted:
                return value.decode("latin-1")
        return None

    async def read(self, limit: int) -> bytes:
        """The whole body. Raises AnswerTooLarge past `limit` bytes, Truncated, IdleTimeout."""
        parts: list[bytes] = []
        size = 0
        while chunk := await self.next_chunk():
            size += len(chunk)
            if size > limit:
                raise AnswerTooLarge
            parts.append(chunk)
        return parts[0] if len(parts) == 1 else b"".join(parts)

    @abstractmethod
    async def next_chunk(self) -> bytes:
        """What has come of the body, at least a byte; empty at its end.

        Raises Truncated, IdleTimeout.
        """

    @abstractmethod
    def release(self) -> None:
        """Give the connection back when the body was read to its end, else drop it."""

    @abstractmethod
    def abort(self) -> None:
        """Drop the connection, which tells the provider to stop."""
