"""multipart/form-data, as the SDKs upload files (RFC 7578)."""

import re
from dataclasses import dataclass

from sim.errors import bad_request

_BOUNDARY = re.compile(r'boundary="?([^";]+)"?', re.IGNORECASE)
_NAME = re.compile(rb'(?<![a-z])name="([^"]*)"', re.IGNORECASE)
_FILENAME = re.compile(rb'filename="([^"]*)"', re.IGNORECASE)


@dataclass(frozen=True, order=True)
class Part:
    """One field: its bytes, and the file's name if it is a file."""

    content: bytes
    filename: str = ""

    @property
    def text(self) -> str:
        return self.content.decode(errors="replace")


def parse_multipart(content_type: str, body: bytes) -> dict[str, Part]:
    """The parts by name, the last of equal names. Raises WireError (400)."""
    found = _BOUNDARY.search(content_type)
    if not content_type.startswith("multipart/form-data") or found is None:
        raise bad_request("The body must be multipart/form-data with a boundary.")
    boundary = b"\r\n--" + found[1].encode()
    sections = (b"\r\n" + body).split(boundary)[1:-1]
    return dict(_part(section) for section in sections)


def _part(section: bytes) -> tuple[str, Part]:
    head, separator, content = section.partition(b"\r\n\r\n")
    name = _NAME.search(head)
    if not separator or name is None:
        raise bad_request("A part of the body has no name.")
    filename = _FILENAME.search(head)
    return name[1].decode(), Part(content, filename[1].decode() if filename else "")
