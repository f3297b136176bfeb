"""Files that pages offer."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from django.http import HttpResponse

from apps.attribution.audit import netra_verify
from apps.attribution.models import SavingsStatement
from apps.attribution.paper import statement_pdf
from apps.portal.proving import file_name
from apps.usage.exports.delimited import csv_chunks

_VERIFIER = Path(str(netra_verify.__file__))


def csv_file(name: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> HttpResponse:
    """A table as a download."""
    return attachment(b"".join(csv_chunks(columns, [rows])), "text/csv; charset=utf-8", name)


def verifier_file() -> HttpResponse:
    """The script that re-runs statements without us."""
    return attachment(_VERIFIER.read_bytes(), "text/x-python; charset=utf-8", _VERIFIER.name)


def pdf_file(statement: SavingsStatement, organization_name: str) -> HttpResponse:
    """A statement on paper; inside the organization's scope."""
    content = statement_pdf(statement, organization_name=organization_name)
    return attachment(content, "application/pdf", file_name(statement, "pdf"))


def attachment(content: bytes, media_type: str, name: str) -> HttpResponse:
    """Bytes that a browser keeps as a file."""
    response = HttpResponse(content, content_type=media_type)
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response
