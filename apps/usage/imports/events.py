"""Records as events of kind "import"."""

from decimal import Decimal
from functools import lru_cache
from hashlib import sha256
from uuid import NAMESPACE_OID, UUID, uuid5

from apps.kernel.events import Attempt, Event, Feature
from apps.tenants.models import Organization
from apps.usage.imports.formats import Record
from apps.usage.imports.models import Import


def event_of(
    record: Record,
    content: bytes,
    *,
    of_import: Import,
    organization: Organization,
    cost: Decimal | None,
    price_version: int,
) -> Event:
    """The event of a call; the same call of the same source always makes the same id.

    content: the record's bytes, which name it where the source gives it no name.
    """
    model = record.served_model or record.model
    return Event(
        event_id=event_id(organization.pk, of_import.format, record, content),
        started_at=record.started_at,
        organization_id=organization.pk,
        project_id=of_import.project_id,
        endpoint=record.endpoint,
        dialect="anthropic" if record.endpoint == "messages" else "openai",
        provider=record.provider,
        outcome=record.outcome,
        kind="import",
        end_user=record.end_user,
        tags=record.tags,
        requested_model=record.model,
        served_model=record.served_model,
        is_stream=bool(record.is_stream),
        status=record.status,
        is_estimated=record.is_total,
        is_priced=cost is not None,
        attempts=(
            Attempt(
                record.provider, model=model, status=record.status, outcome=record.outcome,
                buckets=record.buckets, cost_usd=cost, latency_ms=record.total_ms,
            ),
        ),
        buckets=record.buckets,
        units=record.units,
        price_version=price_version,
        first_byte_ms=record.first_byte_ms,
        total_ms=record.total_ms,
        conversation_id=record.conversation_id,
        provider_request_id=record.identity or None,
        actual_usd=cost,
        features=_features(record, of_import),
        tier=record.tier,
        region="",
    )  # fmt: skip


def event_id(organization_id: UUID, source: str, record: Record, content: bytes) -> UUID:
    """A UUIDv5 of organization, source and the record's name, or its bytes where it has none."""
    name = record.identity or sha256(content).hexdigest()
    return uuid5(_namespace(organization_id, source), name)


@lru_cache
def _namespace(organization_id: UUID, source: str) -> UUID:
    return uuid5(NAMESPACE_OID, f"netra-import:{organization_id}:{source}")


def _features(record: Record, of_import: Import) -> dict[str, Feature]:
    facts: dict[str, Feature | None] = {
        "import_id": str(of_import.pk),
        "source": of_import.format,
        "source_key": record.key,
        "tier": record.tier,
        "calls": record.calls if record.is_total else None,
        "reported_usd": None if record.reported_usd is None else str(record.reported_usd),
    }
    return {name: value for name, value in facts.items() if value is not None}
