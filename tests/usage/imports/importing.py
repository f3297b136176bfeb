"""Logs brought into an organization."""

from typing import Any

from apps.tenants.context import tenant_scope
from apps.tenants.models import Organization
from apps.usage.imports import files
from apps.usage.imports.models import Import
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
