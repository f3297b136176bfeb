"""CSV (RFC 4180): exact figures, and no cell that a spreadsheet would run."""

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import orjson

# A cell that begins with one of these is a formula to Excel, LibreOffice or Google Sheets
# (OWASP, CSV injection). The apostrophe before it makes it text.
FORMULA_STARTS = frozenset("=+-@\t\r\n＝＋－＠")
_GUARD = "'"


def csv_chunks(
    columns: Sequence[str], batches: Iterable[Iterable[Sequence[Any]]]
) -> Iterator[bytes]:
    """The header, then each batch, as UTF-8."""
    yield _lines([columns])
    for batch in batches:
        yield _lines([cell(value) for value in row] for row in batch)


def cell(value: Any) -> str:
    """A value as text: amounts in plain digits, instants in UTC, None empty."""
    if value is None:
        return ""
    if isinstance(value, str):
        return guarded(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, datetime):
        return instant(value)
    return orjson.dumps(value).decode() if isinstance(value, dict | list) else str(value)


def guarded(text: str) -> str:
    """Text that no spreadsheet takes for a formula."""
    return _GUARD + text if text[:1] in FORMULA_STARTS else text


def instant(at: datetime) -> str:
    """RFC 3339 in UTC."""
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _lines(rows: Iterable[Sequence[str]]) -> bytes:
    buffer = io.StringIO()
    csv.writer(buffer).writerows(rows)
    return buffer.getvalue().encode()
