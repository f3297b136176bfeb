"""Take an organization out of an installation, once a file holds all of it."""

from datetime import datetime
from pathlib import Path

import pghistory
import pgtrigger
from django.db import connection
from psycopg.sql import SQL, Identifier

from apps.kernel.errors import NetraError
from apps.tenants import schema
from apps.tenants.archives.exporting import one_moment, write_archive
from apps.tenants.archives.files import Manifest, writing
from apps.tenants.archives.tables import PublicTable, public_tables
from apps.tenants.models import Organization
from apps.tenants.services.data_keys import data_key

# Counts on for organizations that are gone.
_STAYS = "tenants_gatewaychange"
_ROOTS = """
    SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE n.nspname = %s AND c.relkind IN ('r', 'p') AND NOT c.relispartition ORDER BY c.relname
"""


class NotRemovable(NetraError):
    code = "organization_not_removable"
    http_status = 409
    message = "The system organization belongs to the installation and stays."


def remove_organization(*, organization: Organization, path: Path, at: datetime) -> Manifest:
    """Write everything of `organization` to `path` and remove it, in one transaction.

    What the audit says of it stays, and says that it was removed. Raises NotRemovable and what
    `export_organization` raises; then nothing is removed.
    """
    if organization.is_system:
        raise NotRemovable
    data_key(organization, at=at)
    tables = _tables(organization.schema_name)
    with one_moment(read_only=False), writing(path) as archive:
        _lock(organization.schema_name, tables)
        manifest = write_archive(archive, organization, at=at)
        _delete(organization)
    return manifest


def _tables(schema_name: str) -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute(_ROOTS, [schema_name])
        return [name for (name,) in cursor.fetchall()]


def _lock(schema_name: str, tables: list[str]) -> None:
    """Let nobody write any more; taken before the snapshot, so that it lacks nothing."""
    names = SQL(", ").join(Identifier(schema_name, table) for table in tables)
    with connection.cursor() as cursor:
        cursor.execute(SQL("LOCK TABLE {} IN ACCESS EXCLUSIVE MODE").format(names).as_string())


def _delete(organization: Organization) -> None:
    going = [each for each in reversed(public_tables(organization.pk)) if not each.is_audit]
    protections = [each.protected for each in going if each.protected]
    with pghistory.context(command="remove_organization"), pgtrigger.ignore(*protections):
        for table in going:
            if table.name != _STAYS:
                _delete_rows(table)
    schema.drop(organization.schema_name)


def _delete_rows(table: PublicTable) -> None:
    delete = SQL("DELETE FROM {} WHERE {}").format(Identifier("public", table.name), table.rows)
    with connection.cursor() as cursor:
        cursor.execute(delete.as_string())
