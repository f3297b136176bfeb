"""Bring every schema up to date, skipping those that are."""

from collections.abc import Callable

from apps.tenants import schema
from apps.tenants.models import Organization


def migrate_everything(*, report: Callable[[str], object]) -> int:
    """Migrate public, the template, then each stale tenant; returns how many tenants were stale.

    report: called with one line for each schema touched. A run that was interrupted goes on
    where it stopped, because each tenant records its leaf only after its own migrations.
    """
    with schema.migration_lock():
        if not schema.is_public_current():
            report("migrating public")
            schema.migrate_public()
        if not schema.is_template_current():
            report("migrating the template of tenants")
            schema.migrate_template()
        return _migrate_stale(report)


def _migrate_stale(report: Callable[[str], object]) -> int:
    leaf = schema.tenant_leaf()
    stale = Organization.objects.exclude(schema_leaf=leaf).order_by("created_at", "id")
    rows = list(stale.values_list("pk", "schema_name"))
    for organization_id, schema_name in rows:
        report(f"migrating {schema_name}")
        schema.migrate_tenant(schema_name)
        Organization.objects.filter(pk=organization_id).update(schema_leaf=leaf)
    return len(rows)
