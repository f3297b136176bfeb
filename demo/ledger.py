"""What the product itself says was saved: its ledger, as pages, API and files have it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from uuid import UUID

from apps.tenants.context import tenant_scope
from apps.tenants.models import Organization
from apps.usage.querying import UsageQuery, usage

_MINUTE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Ledger:
    """In US dollars. saved: what comparing cost included; by_lever sums to it."""

    saved: Decimal
    saved_on_calls: Decimal
    by_lever: Mapping[str, Decimal]


def ledger(
    organization: Organization, project_id: UUID, *, since: datetime, until: datetime
) -> Ledger:
    """Of a project's calls that began in the window; of whole minutes around it."""
    first = since.replace(second=0, microsecond=0)
    last = until.replace(second=0, microsecond=0) + _MINUTE
    with tenant_scope(organization):
        by_kind = _saved(project_id, "kind", first, last, until)
        by_lever = _saved(project_id, "lever", first, last, until)
    return Ledger(sum(by_kind.values(), Decimal(0)), by_kind.get("live", Decimal(0)), by_lever)


def _saved(
    project_id: UUID, dimension: str, since: datetime, until: datetime, at: datetime
) -> dict[str, Decimal]:
    query = UsageQuery(
        measures=("saved_usd",),
        dimensions=(dimension,),
        filters={"project_id": [str(project_id)]},
        since=since,
        until=until,
    )
    answer = usage(query, at=at)
    rows = ((row.dimensions[dimension], row.measures["saved_usd"]) for row in answer.rows)
    return {name: Decimal(str(usd)) for name, usd in rows if name and usd}
