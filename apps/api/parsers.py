"""Request bodies: JSON, bounded in size and depth; files, which are streamed."""

from collections.abc import Mapping
from typing import IO, Any

from rest_framework.exceptions import ParseError
from rest_framework.parsers import BaseParser, JSONParser

from apps.api.errors import BodyTooLarge, LengthRequired

MAX_BODY_BYTES = 256 * 1024


def check_length(headers: Mapping[str, str], most_bytes: int = MAX_BODY_BYTES) -> None:
    """Refuse a body too large or of unknown length. Raises BodyTooLarge, LengthRequired."""
    if "Transfer-Encoding" in headers and not headers.get("Content-Length"):
        raise LengthRequired
    if int(headers.get("Content-Length") or 0) > most_bytes:
        raise BodyTooLarge(f"Send at most {most_bytes} bytes in one request.")


class FileParser(BaseParser):
    """A file as the whole body; its stream stays unread."""

    media_type = "application/octet-stream"

    def parse(
        self,
        stream: IO[Any],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> Any:
        """The stream as the field `file`."""
        return {"file": stream}


class BoundedJSONParser(JSONParser):
    def parse(
        self,
        stream: IO[Any],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> Any:
        """The parsed document. Raises ParseError, also for one nested too deeply."""
        try:
            return super().parse(stream, media_type, parser_context)
        except RecursionError as error:
            raise ParseError("JSON parse error - the document is nested too deeply.") from error
