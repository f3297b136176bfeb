"""Files that are sent while they are made."""

from collections.abc import AsyncIterator, Iterator
from typing import IO

from asgiref.sync import sync_to_async
from django.http import StreamingHttpResponse

_PIECE_BYTES = 2**16


def pieces(file: IO[bytes]) -> Iterator[bytes]:
    """Of an open file, which is closed after the last."""
    with file:
        while piece := file.read(_PIECE_BYTES):
            yield piece


class Download(StreamingHttpResponse):
    """Pieces of a file as an attachment, each made when the one before is sent."""

    def __init__(self, chunks: Iterator[bytes], media_type: str, name: str) -> None:
        super().__init__(chunks, content_type=media_type)
        self._chunks = chunks
        self["Content-Disposition"] = f'attachment; filename="{name}"'
        self["X-Accel-Buffering"] = "no"

    async def __aiter__(self) -> AsyncIterator[bytes]:
        """The pieces, each made on the request's thread. Django itself would make them all first
        (`StreamingHttpResponse` under ASGI), however long the file is.
        """
        while (part := await sync_to_async(self._next)()) is not None:
            yield part

    def _next(self) -> bytes | None:
        return next(self._chunks, None)
