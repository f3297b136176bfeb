"""Files that pages offer."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from django.http import HttpResponse

from apps.attribution.audit import netra_verify
from apps.usage.exports.delimited import csv_chunks

_VERIFIER = Path(str(netra_verify.__file__))


def csv_file(name: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> HttpResponse:
    """A table as a download."""
    return attachment(b"".join(csv_chunks(columns, [rows])), "text/csv; charset=utf-8", name)


def verifier_file() -> HttpResponse:
    """The script that re-runs statements without us."""
    return attachment(_VERIFIER.read_bytes(), "text/x-python; charset=utf-8", _VERIFIER.name)


def attachment(content: bytes, media_type: str, name: str) -> HttpResponse:
    """Bytes that a browser keeps as a file."""
    response = HttpResponse(content, content_type=media_type)
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response
