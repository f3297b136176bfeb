"""Sealed prompts and answers of projects that asked for them to be kept."""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from apps.tenants.context import tenant_scope
from apps.tenants.models import Organization
from apps.tenants.plans import Allowance
from apps.usage.allowances.selectors import is_exhausted
from apps.usage.models import StoredContent


def store_contents(
    *, organization: Organization, contents: Iterable[tuple[UUID, bytes]], at: datetime
) -> None:
    """Keep sealed contents by the ids of their events. Twice is the same as once.

    Beyond the plan's storage nothing further is kept; the calls themselves go on.
    """
    if is_exhausted(organization, Allowance.STORAGE):
        return
    with tenant_scope(organization):
        StoredContent.objects.bulk_create(
            (StoredContent(event_id=id, stored_at=at, sealed=sealed) for id, sealed in contents),
            ignore_conflicts=True,
        )
