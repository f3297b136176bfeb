"""Imports: begun with an upload, read in pieces that can be interrupted anywhere, ended."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from time import monotonic
from typing import IO
from uuid import UUID

from django.db import transaction

from apps.kernel.errors import NetraError
from apps.tenants.context import current_tenant
from apps.tenants.jobs import enqueue
from apps.tenants.models import Organization
from apps.tenants.selectors import open_projects
from apps.tenants.services.data_keys import data_key
from apps.usage.garbage import uncollected
from apps.usage.imports import files, storing
from apps.usage.imports.chunks import Tools, read_chunk, sample_of
from apps.usage.imports.estimates import Hasher, Looker, estimates
from apps.usage.imports.files import Upload
from apps.usage.imports.formats import FORMATS, format_of
from apps.usage.imports.models import OPEN, Import, Pattern, State
from apps.usage.imports.prices import Prices
from apps.usage.imports.reading import container_of
from apps.usage.imports.trials import make_trier
from apps.usage.services.retention import retention

ADVANCE = "imports.advance"
MOST_OPEN = 20
# Less than after what a job counts as lost (apps.tenants.jobs), by far.
SECONDS_AT_ONCE = 120.0
SWEPT_AFTER = timedelta(days=1)


class InvalidImport(NetraError):
    code = "invalid_import"
    http_status = 400
    message = "Name an open project of the organization, and a format that is known or none."


class TooManyImports(NetraError):
    code = "too_many_imports"
    http_status = 409
    message = f"{MOST_OPEN} imports are still being read. Wait until one of them ends."


@dataclass(frozen=True, slots=True)
class ImportTerms:
    """What somebody says of a file. format: "" to find it out. project_id: None for the oldest."""

    name: str = ""
    format: str = ""
    project_id: UUID | None = None


@transaction.atomic
def create_import(
    *, organization: Organization, upload: Upload, terms: ImportTerms, by: str, at: datetime
) -> Import:
    """Ask for a received file to be read. Raises InvalidImport, TooManyImports.

    The file belongs to the import from then on; when this raises, the caller discards it.
    """
    if Import.objects.filter(state__in=OPEN).count() >= MOST_OPEN:
        raise TooManyImports
    same = Import.objects.filter(digest=upload.digest, state=State.DONE).order_by("created_at")
    row = Import.objects.create(
        created_at=at,
        created_by=by[:100],
        project_id=_project_id(organization, terms),
        name=Path(terms.name).name[:200] or "upload",
        stored_name=upload.path.name,
        digest=upload.digest,
        byte_count=upload.byte_count,
        format=terms.format,
        same_as_id=same.values_list("pk", flat=True).first(),
    )
    enqueue(ADVANCE, organization=organization, at=at, import_id=str(row.pk))
    return row


def advance_import(
    *, import_id: UUID, clock: Callable[[], datetime], seconds: float = SECONDS_AT_ONCE
) -> Import:
    """Read on for about so many seconds; asks for more time when that was not enough.

    Each piece is one transaction, with how far the file is read: killed anywhere, it goes on
    there. Two at once take turns.
    """
    organization = current_tenant()
    tools = _tools(organization, at=clock())
    until = monotonic() + seconds
    while True:
        with uncollected():
            row = _advance(import_id, tools, at=clock())
        if not row.is_open:
            return row
        if monotonic() >= until:
            enqueue(ADVANCE, organization=organization, at=clock(), import_id=str(import_id))
            return row


def sweep_imports(*, at: datetime) -> int:
    """Forget old imports, and files that none is going to read; returns how many files."""
    Import.objects.filter(created_at__lt=at - retention()).delete()
    kept = Import.objects.filter(state__in=OPEN).values_list("stored_name", flat=True)
    return files.sweep(
        organization_id=current_tenant().pk, kept=list(kept), before=at - SWEPT_AFTER
    )


def _project_id(organization: Organization, terms: ImportTerms) -> UUID:
    if terms.format and terms.format not in FORMATS:
        raise InvalidImport
    projects = open_projects(organization)
    if terms.project_id is not None:
        projects = projects.filter(pk=terms.project_id)
    project = projects.first()
    if project is None:
        raise InvalidImport
    return project.pk


def _tools(organization: Organization, *, at: datetime) -> Tools:
    prices = Prices(organization.pk)
    key = data_key(organization, at=at)
    trier = make_trier(organization.pk, key)
    return Tools(organization, prices, Looker(Hasher(key), prices), trier)


@transaction.atomic
def _advance(import_id: UUID, tools: Tools, *, at: datetime) -> Import:
    row = Import.objects.select_for_update().get(pk=import_id)
    if not row.is_open:
        return row
    try:
        with _path(row, tools.organization).open("rb") as file:
            _read_on(file, row, tools, at=at)
    except FileNotFoundError:
        _end(row, tools, at=at, failure="The uploaded file is gone. Upload it again.")
    row.save()
    return row


def _read_on(file: IO[bytes], row: Import, tools: Tools, *, at: datetime) -> None:
    if row.state == State.WAITING and (failure := _recognise(file, row)):
        _end(row, tools, at=at, failure=failure)
        return
    row.state = State.RUNNING
    chunk = read_chunk(file, row, tools, at=at)
    storing.store_chunk(row, chunk, at=at)
    if chunk.is_last:
        row.read_bytes = row.byte_count
        row.estimates = estimates(row)
        _end(row, tools, at=at)


def _recognise(file: IO[bytes], row: Import) -> str:
    """Find out how to read the file; returns why that is not possible, or nothing."""
    row.container, place = container_of(file)
    row.read_bytes, row.read_lines = place
    sample = list(sample_of(file, row.container, place))
    found = format_of(sample)
    if row.format and any(map(FORMATS[row.format].recognises, sample)):
        return ""
    if row.format:
        looks = f" They look like: {FORMATS[found].label} ({found})." if found else ""
        return f"The first records are no {FORMATS[row.format].label}.{looks} Name another format."
    row.format = found or ""
    known = ", ".join(each.label for each in FORMATS.values())
    return "" if found else f"The first records are of no known format. Known are: {known}."


def _end(row: Import, tools: Tools, *, at: datetime, failure: str = "") -> None:
    row.state = State.FAILED if failure else State.DONE
    row.failure, row.finished_at = failure, at
    Pattern.objects.filter(of_import=row).delete()
    path = _path(row, tools.organization)
    transaction.on_commit(lambda: path.unlink(missing_ok=True))


def _path(row: Import, organization: Organization) -> Path:
    return files.folder_of(organization.pk) / row.stored_name
