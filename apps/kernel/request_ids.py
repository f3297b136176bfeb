"""The id that ties a request to its log lines; a caller may bring a well-formed one."""

import re

from apps.kernel.ids import uuid7

HEADER = "x-request-id"
# Long enough for UUIDs and trace ids; nothing that could forge a log line or a header.
WELL_FORMED = re.compile(r"[0-9A-Za-z][0-9A-Za-z._-]{7,63}")


def request_id_from(given: str | None) -> str:
    """`given` if it is 8 to 64 letters, digits, dots, dashes or underscores, else a new id."""
    return given if given and WELL_FORMED.fullmatch(given) else str(uuid7())
