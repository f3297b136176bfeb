"""Bring an organization back from its file: all of it or nothing, and never over another."""

import base64
from collections.abc import Iterable
from pathlib import Path
from uuid import UUID

import pghistory
from django.conf import settings
from django.db import connection, transaction
from django.db.models import Q
from psycopg.sql import SQL, Identifier

from apps.kernel.errors import NetraError
from apps.tenants import schema
from apps.tenants.archives.exporting import proof_of
from apps.tenants.archives.files import (
    OWN,
    ArchiveReader,
    Manifest,
    Member,
    reading,
)
from apps.tenants.archives.merging import PricesDiffer, copy_rows, merge_shared, restore_public
from apps.tenants.models import DataKey, Organization
from apps.tenants.opening import unwrap
from apps.tenants.vault import CannotOpen

__all__ = ["AlreadyThere", "OtherRelease", "OtherSecrets", "PricesDiffer", "restore_organization"]

# Identity and serial columns of a schema, with their sequences.
_SEQUENCES = """
    SELECT c.relname, a.attname, s.name
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
        JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped,
        LATERAL (SELECT pg_get_serial_sequence(format('%%I.%%I', n.nspname, c.relname), a.attname)
                 AS name) s
    WHERE n.nspname = %s AND c.relkind IN ('r', 'p') AND s.name IS NOT NULL
"""


class AlreadyThere(NetraError):
    code = "organization_exists"
    http_status = 409
    message = (
        "An organization with this id or this part of the address is here, and nothing is restored "
        "over it. To go back to the file, run manage.py remove_organization first."
    )


class OtherRelease(NetraError):
    code = "archive_of_another_release"
    http_status = 409
    message = (
        "The file was written by a release with other tables. Restore it with that release into an "
        "empty database, upgrade that one, and export it again."
    )


class OtherSecrets(NetraError):
    code = "archive_of_other_secrets"
    http_status = 409
    message = (
        "The file was written under other secrets. Start with the NETRA_KEK and NETRA_KEY_PEPPER "
        "of the installation that it is from."
    )


def restore_organization(*, path: Path) -> Manifest:
    """Restore what `export_organization` wrote; in one transaction.

    People who have no account here get one without a password. Raises ArchiveUnreadable,
    OtherRelease, OtherSecrets, AlreadyThere, PricesDiffer and OSError.
    """
    with reading(path) as archive:
        manifest = archive.manifest
        _require_openable(archive)
        _require_same_release(manifest)
        with transaction.atomic(), pghistory.context(command="restore_organization"):
            _require_absent(manifest)
            merge_shared(archive)
            restore_public(archive)
            _restore_own(archive)
    return manifest


def _require_openable(archive: ArchiveReader) -> None:
    manifest = archive.manifest
    kek_id, wrapped = manifest.data_key
    row = DataKey(organization_id=UUID(manifest.organization_id), kek_id=kek_id)
    row.wrapped = base64.b64decode(wrapped)
    if kek_id not in settings.KEY_ENCRYPTION_KEYS.keys or not _has_peppers_of(manifest):
        raise OtherSecrets
    try:
        archive.require(unwrap(row))
    except CannotOpen as error:
        raise OtherSecrets from error


def _has_peppers_of(manifest: Manifest) -> bool:
    """Whether those of a name are the same here and there, and there are such."""
    here = settings.API_KEY_PEPPERS.keys
    shared = manifest.peppers.keys() & here
    return bool(shared) and all(proof_of(here[name]) == manifest.peppers[name] for name in shared)


def _require_same_release(manifest: Manifest) -> None:
    leaves = (manifest.tenant_leaf, manifest.public_leaf)
    if leaves != (schema.tenant_leaf(), schema.public_leaf()):
        raise OtherRelease


def _require_absent(manifest: Manifest) -> None:
    same = Q(pk=manifest.organization_id) | Q(slug=manifest.slug)
    if Organization.objects.filter(same | Q(schema_name=manifest.schema_name)).exists():
        raise AlreadyThere


def _restore_own(archive: ArchiveReader) -> None:
    name = archive.manifest.schema_name
    schema.clone_template(name)
    with schema.entered(name):
        _make_months(archive.manifest.months)
        for member in archive.manifest.of(OWN):
            _copy(archive, member)
        _count_on(name)


def _make_months(months: Iterable[tuple[str, str, str]]) -> None:
    with connection.cursor() as cursor:
        for table, parent, bounds in months:
            make = SQL("CREATE TABLE IF NOT EXISTS {} PARTITION OF {} {}").format(
                Identifier(table), Identifier(parent), SQL(bounds)
            )
            cursor.execute(make.as_string())


def _copy(archive: ArchiveReader, member: Member) -> None:
    columns = SQL(", ").join(map(Identifier, member.columns))
    copy_rows(archive, member, SQL("{} ({})").format(Identifier(member.table), columns))


def _count_on(schema_name: str) -> None:
    """Let each sequence go on behind the greatest number that came back."""
    with connection.cursor() as cursor:
        cursor.execute(_SEQUENCES, [schema_name])
        for table, column, sequence in cursor.fetchall():
            greatest = SQL("SELECT setval(%s, max({})) FROM {} HAVING max({}) IS NOT NULL").format(
                Identifier(column), Identifier(table), Identifier(column)
            )
            cursor.execute(greatest.as_string(), [sequence])
