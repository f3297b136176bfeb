"""What the product says of the calls: read from its tables in plain SQL, past its own readers."""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

from django.db import connection

from apps.tenants.context import tenant_scope
from bench.soaking.prices import Tokens
from bench.soaking.tenants import Tenant

_BUCKETS = (
    "input_uncached", "cache_read", "cache_write_5m", "cache_write_1h", "output", "reasoning",
)  # fmt: skip
_RECORDS = f"""
    SELECT event_id, tags, outcome, status, error_code, is_estimated, requested_model, attempts,
        actual_usd, counterfactual_usd, decomposition, arm, unit, period_id, {", ".join(_BUCKETS)}
    FROM usage_event WHERE kind = 'live' ORDER BY started_at, event_id
"""  # noqa: S608  (constants)
NOT_OURS = 0


@dataclass(slots=True)
class Record:
    """One row of the request log. answered: attempts to which a provider said anything."""

    event_id: UUID
    call: int
    canary: str
    tenant: str
    outcome: str
    status: int | None
    error_code: str | None
    is_estimated: bool
    model: str
    attempts: int
    answered: int
    tokens: Tokens
    actual_usd: Decimal | None
    counterfactual_usd: Decimal | None
    saved: dict[str, Decimal]
    arm: str | None
    unit: str | None
    period_id: UUID | None


@dataclass(slots=True)
class Line:
    """One line of the provider's books."""

    call: int
    key: str
    path: str
    status: int
    fault: str
    said: str
    usage: dict[str, Any]
    is_whole: bool
    has_left: bool
    at: float


def records(tenants: Iterable[Tenant]) -> list[Record]:
    """Of all of them, each organization's own in the order of time."""
    return [record for tenant in tenants for record in _of(tenant)]


def _of(tenant: Tenant) -> Iterator[Record]:
    with tenant_scope(tenant.organization), connection.cursor() as cursor:
        cursor.execute(_RECORDS)
        names = [column.name for column in cursor.description or ()]
        for row in cursor.fetchall():
            yield _record(tenant, dict(zip(names, row, strict=True)))


def _record(tenant: Tenant, row: Mapping[str, Any]) -> Record:
    tags, tried = _plain(row["tags"]), _plain(row["attempts"])
    saved = {name: Decimal(usd) for name, usd in _plain(row["decomposition"]).items()}
    same = ("event_id", "outcome", "status", "error_code", "is_estimated", "arm", "unit")
    return Record(
        **{name: row[name] for name in same},
        call=int(tags.get("call", NOT_OURS)),
        canary=tags.get("canary", ""),
        tenant=tenant.name,
        model=row["requested_model"] or "",
        attempts=len(tried),
        answered=sum(each["status"] is not None for each in tried),
        tokens={name: row[name] for name in _BUCKETS if row[name]},
        actual_usd=row["actual_usd"],
        counterfactual_usd=row["counterfactual_usd"],
        saved=saved,
        period_id=row["period_id"],
    )


def _plain(value: Any) -> Any:
    """Django's connections leave JSON as text."""
    return json.loads(value) if isinstance(value, str) else value


def book_lines(books: Path) -> list[Line]:
    """Every call that reached the provider."""
    with books.open() as lines:
        return [Line(**json.loads(line)) for line in lines]
