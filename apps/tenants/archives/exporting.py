"""Write an organization into a file, all of it as it was in one moment."""

import hmac
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from uuid import UUID

from django.conf import settings
from django.db import connection, transaction
from psycopg.sql import SQL, Composable, Identifier

from apps.kernel.errors import NetraError
from apps.tenants import schema
from apps.tenants.archives.files import (
    FORMAT,
    OWN,
    PUBLIC,
    ArchiveWriter,
    Manifest,
    Member,
    in_base64,
    member_name,
    writing,
)
from apps.tenants.archives.shared import shared_rows
from apps.tenants.archives.tables import carried_tables
from apps.tenants.models import DataKey, Organization
from apps.tenants.opening import unwrap
from apps.tenants.services.data_keys import data_key

# Tables of a schema, partitions within their parents; records of migrations follow from the leaf.
_TABLES = """
    SELECT c.relname, array_agg(a.attname ORDER BY a.attnum)
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
        JOIN pg_attribute a ON a.attrelid = c.oid
    WHERE n.nspname = %s AND c.relkind IN ('r', 'p') AND NOT c.relispartition
        AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = ''
        AND c.relname <> 'django_migrations'
    GROUP BY c.relname ORDER BY c.relname
"""
_PARTITIONS = """
    SELECT c.relname, p.relname, pg_get_expr(c.relpartbound, c.oid)
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
        JOIN pg_inherits i ON i.inhrelid = c.oid JOIN pg_class p ON p.oid = i.inhparent
    WHERE n.nspname = %s AND c.relispartition AND c.relkind = 'r' ORDER BY c.relname
"""


_Rows = tuple[str, str, tuple[str, ...], Composable]  # place, table, columns, query


class NotMigrated(NetraError):
    code = "organization_not_migrated"
    http_status = 409
    message = "Its tables are of an earlier release. Run manage.py migrate_all, then export it."


def export_organization(*, organization: Organization, path: Path, at: datetime) -> Manifest:
    """Write everything of `organization` to the new file `path`, from one snapshot.

    It goes on working meanwhile. Secrets stay sealed. Raises NotMigrated, FileExists, CannotOpen.
    """
    data_key(organization, at=at)  # made before the snapshot, which could not hold it
    with one_moment(), writing(path) as archive:
        return write_archive(archive, organization, at=at)


@contextmanager
def one_moment(*, read_only: bool = True) -> Iterator[None]:
    """A transaction whose every query sees the same moment."""
    kind = "READ ONLY" if read_only else "READ WRITE"
    with transaction.atomic(durable=True):
        with connection.cursor() as cursor:
            cursor.execute(f"SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, {kind}")
        yield


def write_archive(archive: ArchiveWriter, organization: Organization, *, at: datetime) -> Manifest:
    """What `export_organization` does, within the caller's `one_moment`."""
    manifest = _manifest(organization, at=at)
    for place, table, columns, query in _everything(manifest):
        manifest.members.append(_write(archive, (place, table, columns), query))
    archive.close(manifest, unwrap(DataKey.objects.get(organization=organization)))
    return manifest


def proof_of(pepper: bytes) -> str:
    """What shows that two installations have the same pepper, and nothing of it."""
    return hmac.digest(pepper, FORMAT.encode(), "sha256").hex()


def _manifest(organization: Organization, *, at: datetime) -> Manifest:
    row = Organization.objects.get(pk=organization.pk)
    if row.schema_leaf != schema.tenant_leaf():
        raise NotMigrated
    key = DataKey.objects.get(organization=row)
    return Manifest(
        organization_id=str(row.pk),
        slug=row.slug,
        schema_name=row.schema_name,
        taken_at=at.isoformat(),
        tenant_leaf=schema.tenant_leaf(),
        public_leaf=schema.public_leaf(),
        data_key=(key.kek_id, in_base64(key.wrapped)),
        months=_months(row.schema_name),
        peppers={name: proof_of(each) for name, each in settings.API_KEY_PEPPERS.keys.items()},
    )


def _everything(manifest: Manifest) -> Iterator[_Rows]:
    organization_id = UUID(manifest.organization_id)
    yield from _public(organization_id)
    for kind, columns, query in shared_rows(organization_id):
        yield kind, kind, columns, query
    yield from _own(manifest.schema_name)


def _public(organization_id: UUID) -> Iterator[_Rows]:
    for table in carried_tables(organization_id):
        query = SQL("SELECT {} FROM {} WHERE {} ORDER BY {}").format(
            _names(table.columns), Identifier("public", table.name), table.rows,
            Identifier(table.key),
        )  # fmt: skip
        yield PUBLIC, table.name, table.columns, query


def _own(schema_name: str) -> Iterator[_Rows]:
    for table, columns in _own_tables(schema_name):
        place = Identifier(schema_name, table)
        query = SQL("SELECT {} FROM {}").format(_names(columns), place)
        yield OWN, table, columns, query


def _own_tables(schema_name: str) -> list[tuple[str, tuple[str, ...]]]:
    with connection.cursor() as cursor:
        cursor.execute(_TABLES, [schema_name])
        return [(table, tuple(columns)) for table, columns in cursor.fetchall()]


def _months(schema_name: str) -> list[tuple[str, str, str]]:
    with connection.cursor() as cursor:
        cursor.execute(_PARTITIONS, [schema_name])
        return [(table, parent, bounds) for table, parent, bounds in cursor.fetchall()]


def _names(columns: tuple[str, ...]) -> Composable:
    return SQL(", ").join(map(Identifier, columns))


def _write(
    archive: ArchiveWriter, what: tuple[str, str, tuple[str, ...]], query: Composable
) -> Member:
    place, table, columns = what
    statement = SQL("COPY ({}) TO STDOUT").format(query)
    with (
        schema.entered(schema.PUBLIC),
        connection.cursor() as cursor,
        connection.wrap_database_errors,
    ):
        with cursor.copy(statement) as copy:
            digest = archive.write(member_name(place, table), copy)
        return Member(place, table, columns, cursor.rowcount, digest)
