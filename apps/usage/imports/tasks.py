"""Background work of imports."""

from typing import Any
from uuid import UUID

import structlog
from celery import shared_task
from django.db import DatabaseError

from apps.kernel.clock import utc_now
from apps.tenants.context import tenant_scope
from apps.tenants.jobs import PublicTask, TenantTask
from apps.tenants.models import Organization
from apps.usage.imports import services

log = structlog.get_logger(__name__)


@shared_task(name=services.ADVANCE, base=TenantTask)
def advance(import_id: str, **_newer: Any) -> None:
    """Read an import on."""
    row = services.advance_import(import_id=UUID(import_id), clock=utc_now)
    log.info(
        "import_advanced", import_id=import_id, state=row.state, read_bytes=row.read_bytes,
        new_count=row.new_count, error_count=row.error_count,
    )  # fmt: skip


@shared_task(name="imports.sweep", base=PublicTask)
def sweep(**_newer: Any) -> int:
    """Files and imports that nobody needs, in every open organization; returns how many files."""
    organizations = Organization.objects.filter(closed_at=None).order_by("id")
    return sum(_sweep(organization) for organization in organizations.iterator())


def _sweep(organization: Organization) -> int:
    try:
        with tenant_scope(organization):
            return services.sweep_imports(at=utc_now())
    except (DatabaseError, OSError):
        # One damaged schema or folder must not keep the others from being swept.
        log.exception("imports_not_swept", organization_id=str(organization.pk))
        return 0
