"""Budgets in a snapshot know what their window has spent."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from uuid import UUID

import pytest

from apps.kernel.ids import uuid7
from apps.proxy.spending import with_spending
from apps.tenants.access import Limit, OrganizationAccess
from apps.tenants.models import Organization
from apps.usage.services.ingestion import ingest_events
from tests.factories import make_organization
from tests.usage.calls import make_event

pytestmark = pytest.mark.django_db
AT = datetime(2026, 11, 21, 12, tzinfo=UTC)
PROJECT, KEY = uuid7(), uuid7()


def spend(organization: Organization, usd: str, started_at: datetime, **changes: object) -> None:
    event = make_event(organization, started_at=started_at, actual_usd=Decimal(usd), **changes)
    ingest_events(organization=organization, events=[event], at=AT)


def told(organization: Organization, *limits: Limit) -> list[Decimal]:
    known = OrganizationAccess(organization.pk, "acme", organization.schema_name, limits=limits)
    return [limit.spent_usd for limit in with_spending(known, at=AT).limits]


def budget(subject: str, subject_id: UUID, window: str) -> Limit:
    return Limit(uuid7(), subject, subject_id, "budget_usd", Decimal(10), window)  # type: ignore[arg-type]


def test_each_budget_counts_its_own_subject_and_window() -> None:
    acme, other = make_organization("Acme"), make_organization("Acme")
    spend(acme, "1", AT)
    spend(acme, "2", AT, project_id=PROJECT, api_key_id=KEY)
    spend(acme, "4", AT - timedelta(days=1), project_id=PROJECT)
    spend(acme, "8", AT - timedelta(days=30))
    spend(acme, "16", AT, kind="import")
    spend(other, "32", AT, project_id=PROJECT, api_key_id=KEY)
    assert told(
        acme,
        budget("organization", acme.pk, "day"),
        budget("organization", acme.pk, "month"),
        budget("organization", acme.pk, "total"),
        budget("project", PROJECT, "month"),
        budget("key", KEY, "month"),
        budget("organization", acme.pk, "minute"),
    ) == [Decimal(usd) for usd in ("3", "7", "15", "6", "2", "0")]


def test_limits_that_are_no_budgets_stay_as_they_are() -> None:
    rate = Limit(uuid7(), "organization", uuid7(), "requests_per_minute", Decimal(5), "minute")
    known = OrganizationAccess(uuid7(), "acme", "tenant_x", limits=(rate,))
    assert with_spending(known, at=AT) is known
