"""Logs brought into an organization."""

from decimal import Decimal
from typing import Any

from apps.kernel.clock import utc_now
from apps.tenants.context import tenant_scope
from apps.tenants.models import Organization
from apps.usage.imports import files
from apps.usage.imports.estimates.levers import ROUTING
from apps.usage.imports.estimates.report import CAUTION
from apps.usage.imports.models import Import, LineError, Spend, State
from apps.usage.imports.services import ImportTerms, advance_import, create_import
from tests.usage.imports.samples import NOW


def uploaded(organization: Organization, content: bytes, **terms: Any) -> Import:
    """An import that nobody has begun to read."""
    upload = files.receive(organization_id=organization.pk, pieces=[content])
    with tenant_scope(organization):
        return create_import(
            organization=organization, upload=upload, terms=ImportTerms(**terms), by="test", at=NOW
        )


def brought(organization: Organization, content: bytes, **terms: Any) -> Import:
    """An import that is read to its end."""
    row = uploaded(organization, content, **terms)
    with tenant_scope(organization):
        return advance_import(import_id=row.pk, clock=lambda: NOW)


def make_import(organization: Organization, name: str = "log.jsonl") -> Import:
    """An import that ended just now, as if it had been read: pages show the latest days' alone."""
    at = utc_now()
    with tenant_scope(organization):
        row = Import.objects.create(
            created_at=at, created_by="test", project_id=organization.pk, name=name,
            stored_name="none", digest="0" * 64, byte_count=2048, read_bytes=2048, format="openai",
            container="jsonl", state=State.DONE, failure="", new_count=1, error_count=1,
            first_at=NOW, last_at=NOW, finished_at=at, estimates=[_estimate()],
        )  # fmt: skip
        LineError.objects.create(of_import=row, line=2, reason="this is no JSON object")
        Spend.objects.bulk_create(
            Spend(
                of_import=row, dimension=dimension, value=value, call_count=1, unpriced_count=0,
                input_tokens=1000, output_tokens=50, usd=Decimal("0.00275"),
                reported_usd=Decimal(0),
            )
            for dimension, value in (("total", ""), ("model", "openai gpt-4o"))
        )  # fmt: skip
        return row


def _estimate() -> dict[str, Any]:
    return {
        "lever": ROUTING, "label": "Model routing", "candidate_calls": 1, "patterns": 1,
        "low_usd": "0.000440", "high_usd": "0.000880", "low_share": "0.1600",
        "high_share": "0.3200", "method": "Short calls.", "assumption": "Assumed.",
        "is_assumed": True, "is_proven": False, "caution": CAUTION,
    }  # fmt: skip
