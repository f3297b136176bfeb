"""A log of a gigabyte, from the upload to its result: how fast, and in how much memory.

The file is written beforehand and not counted. A thousand of its lines are broken.
"""

import json
import resource
import tempfile
from collections.abc import Iterator
from pathlib import Path
from time import perf_counter
from typing import Any
from uuid import UUID

from django.conf import settings

from apps.kernel.clock import utc_now
from apps.tenants.context import tenant_scope
from apps.tenants.models import Organization
from apps.tenants.services.organizations import create_organization
from apps.usage.imports.files import PIECE, receive
from apps.usage.imports.selectors import import_of
from apps.usage.imports.services import ImportTerms, advance_import, create_import
from bench._database import throwaway_database
from bench.ingest import Cost
from bench.rows import Row

RSS_TARGET_MB = 300
BROKEN = 1000
SYSTEM = "You answer questions about orders, politely and briefly. " * 120


def run(quick: bool) -> list[Row]:
    """Import a log of requests of 8 kB with their prompts."""
    size = 50_000_000 if quick else 1_000_000_000
    with throwaway_database(), tempfile.TemporaryDirectory() as folder:
        settings.IMPORT_DIR = Path(folder) / "imports"
        organization = create_organization(name="Bench", owner=None, at=utc_now())
        log = Path(folder) / "log.jsonl"
        count = _write(log, size)
        started = perf_counter()
        import_id = _upload(organization, log)
        uploaded = perf_counter()
        with tenant_scope(organization):
            cost = Cost.of(lambda: _read_all(import_id))
            row = import_of(import_id)
    assert (row.new_count, row.error_count) == (count - BROKEN, BROKEN)
    peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return [
        Row(f"{size / 1e6:.0f} MB, {count} lines: peak RSS", peak_mb, "MB", None,
            RSS_TARGET_MB, peak_mb <= RSS_TARGET_MB),
        Row("broken lines reported", row.error_count, "lines", None, BROKEN, True),
        Row("upload to disk", size / 1e6 / (uploaded - started), "MB/s"),
        Row("read, priced, stored, estimated", size / 1e6 / cost.wall_s, "MB/s"),
        Row("– calls", count / cost.wall_s, "calls/s"),
        Row("– CPU for 10,000, worker and Postgres", cost.cpu_s / count * 10_000, "s"),
    ]  # fmt: skip


def _read_all(import_id: UUID) -> None:
    while advance_import(import_id=import_id, clock=utc_now).is_open:
        pass


def _upload(organization: Organization, log: Path) -> UUID:
    with log.open("rb") as file, tenant_scope(organization):
        upload = receive(
            organization_id=organization.pk, pieces=iter(lambda: file.read(PIECE), b"")
        )
        terms = ImportTerms(name=log.name)
        return create_import(
            organization=organization, upload=upload, terms=terms, by="bench", at=utc_now()
        ).pk


def _write(log: Path, size: int) -> int:
    """Lines until the file is so large; returns how many."""
    count, lines = 0, _lines()
    with log.open("wb") as file:
        while file.tell() < size:
            file.write(next(lines))
            count += 1
    return count


def _lines() -> Iterator[bytes]:
    at = int(utc_now().timestamp()) - 10 * 86400
    number = 0
    while True:
        number += 1
        line = json.dumps(_call(number, at + number)).encode()
        yield (line[:-20] if number % 5 == 0 and number <= 5 * BROKEN else line) + b"\n"


def _call(number: int, at: int) -> dict[str, Any]:
    question = f"Where is order {number % 5000}? " * 20
    messages = [{"role": "system", "content": SYSTEM}, {"role": "user", "content": question}]
    usage = {"prompt_tokens": 1800, "completion_tokens": 90, "total_tokens": 1890}
    return {
        "timestamp": at,
        "api_key_name": f"key-{number % 7}",
        "tags": {"team": f"team-{number % 20}"},
        "request": {
            "model": "gpt-4o", "messages": messages, "temperature": 0,
            "user": f"user-{number % 999}",
        },
        "response": {
            "id": f"chatcmpl-{number}", "object": "chat.completion", "created": at,
            "model": "gpt-4o-2024-08-06", "usage": usage,
        },
    }  # fmt: skip
