"""Rows of an archive that go into `public`, where others are already."""

from collections.abc import Sequence
from uuid import UUID

from django.contrib.auth.hashers import make_password
from django.db import connection
from psycopg.sql import SQL, Composable, Identifier

from apps.kernel.errors import NetraError
from apps.tenants import schema
from apps.tenants.archives.files import PUBLIC, ArchiveReader, ArchiveUnreadable, Member
from apps.tenants.archives.shared import (
    CATALOGUE_COLUMNS,
    CATALOGUES,
    CONTEXTS,
    EDITION_COLUMNS,
    EDITIONS,
    PEOPLE,
)
from apps.tenants.archives.tables import PublicTable, carried_tables

# Lives as long as the transaction: whose key in the archive is whose key here.
_KNOWN = """
    CREATE TEMP TABLE restored_people ON COMMIT DROP AS
    SELECT s.id AS there, u.id AS here
    FROM stage s JOIN public.tenants_user u ON lower(u.email) = lower(s.email)
"""
_NEW_PEOPLE = """
    INSERT INTO public.tenants_user
        (email, full_name, password, is_active, is_staff, is_superuser, created_at)
    SELECT s.email, s.full_name, %s, true, false, false, now() FROM stage s
    WHERE NOT EXISTS (SELECT FROM public.tenants_user u WHERE lower(u.email) = lower(s.email))
    ORDER BY s.id
"""
# The context names its user by key too.
_NEW_CONTEXTS = """
    INSERT INTO public.pghistory_context (id, created_at, updated_at, metadata)
    SELECT s.id, s.created_at, s.updated_at, CASE WHEN s.metadata ? 'user'
        THEN s.metadata || jsonb_build_object('user', p.here) ELSE s.metadata END
    FROM stage s LEFT JOIN restored_people p ON to_jsonb(p.there) = s.metadata -> 'user'
    ON CONFLICT DO NOTHING
"""
_OTHER_PRICES = """
    SELECT EXISTS (SELECT FROM stage s JOIN public.pricing_pricebookedition e USING (version)
        WHERE (s.catalogue_id, s.in_force_from) <> (e.catalogue_id, e.in_force_from))
        OR EXISTS (SELECT FROM public.pricing_pricebookedition e
            WHERE e.version NOT IN (SELECT version FROM stage)
                AND e.in_force_from <= (SELECT max(in_force_from) FROM stage))
"""
_NEW_PRICES = SQL("INSERT INTO {} ({}) SELECT {} FROM stage ORDER BY {} ON CONFLICT DO NOTHING")


class PricesDiffer(NetraError):
    code = "prices_differ"
    http_status = 409
    message = (
        "The price book here is another one, and calls name its versions. Restore into the "
        "installation that the file is from, or into a new one before its first start."
    )


def merge_shared(archive: ArchiveReader) -> None:
    """Add people, contexts and prices that are missing here; change none that is there.

    Leaves the table restored_people for `restore_public`. Raises PricesDiffer.
    """
    steps = {
        PEOPLE: _add_people,
        CONTEXTS: lambda: _run(_NEW_CONTEXTS),
        CATALOGUES: lambda: _add_prices("pricing_catalogue", CATALOGUE_COLUMNS),
        EDITIONS: _add_editions,
    }
    like = {
        PEOPLE: "tenants_user",
        CONTEXTS: "pghistory_context",
        CATALOGUES: "pricing_catalogue",
        EDITIONS: "pricing_pricebookedition",
    }
    for kind, add in steps.items():
        [member] = archive.manifest.of(kind)
        _stage(archive, member, like[kind])
        add()


def restore_public(archive: ArchiveReader) -> None:
    """Add the organization's rows. What the audit knows already is not added twice."""
    organization_id = UUID(archive.manifest.organization_id)
    tables = {table.name: table for table in carried_tables(organization_id)}
    for member in archive.manifest.of(PUBLIC):
        _restore(archive, member, tables[member.table])


def _restore(archive: ArchiveReader, member: Member, table: PublicTable) -> None:
    _stage(archive, member, table.name)
    rows: Composable = SQL("SELECT {} FROM stage").format(
        SQL(", ").join(_value(table, column) for column in member.columns)
    )
    if table.is_audit:
        rows = _unknown(table, member.columns, rows)
    insert = SQL("INSERT INTO {} ({}) {}")
    _run(insert.format(_place(table.name), _names(member.columns), rows))


def copy_rows(archive: ArchiveReader, member: Member, target: Composable) -> None:
    """COPY the rows of `member` into `target`, a table with its columns."""
    statement = SQL("COPY {} FROM STDIN").format(target)
    with connection.cursor() as cursor, connection.wrap_database_errors:
        with cursor.copy(statement) as copy:
            for piece in archive.pieces(member):
                copy.write(piece)
        if cursor.rowcount != member.rows:
            raise ArchiveUnreadable


def _add_people() -> None:
    _run(_NEW_PEOPLE, [make_password(None)])
    _run(_KNOWN)


def _add_editions() -> None:
    with connection.cursor() as cursor:
        cursor.execute(_OTHER_PRICES)
        if cursor.fetchone() == (True,):
            raise PricesDiffer
    _add_prices("pricing_pricebookedition", EDITION_COLUMNS)


def _add_prices(table: str, columns: tuple[str, ...]) -> None:
    names, key = _names(columns), Identifier(columns[0])
    _run(_NEW_PRICES.format(_place(table), names, names, key))


def _stage(archive: ArchiveReader, member: Member, like: str) -> None:
    """Put the rows into the temporary table `stage`, with the types of the table `like`."""
    with schema.entered(schema.PUBLIC):
        _run("DROP TABLE IF EXISTS pg_temp.stage")
        make = SQL("CREATE TEMP TABLE stage ON COMMIT DROP AS SELECT {} FROM {} WITH NO DATA")
        _run(make.format(_names(member.columns), _place(like)))
        copy_rows(archive, member, Identifier("stage"))


def _value(table: PublicTable, column: str) -> Composable:
    """What a staged column becomes. A person who is gone keeps a key that nobody has."""
    if column not in table.people:
        return Identifier("stage", column)
    here = SQL("(SELECT here FROM restored_people WHERE there = {})").format(
        Identifier("stage", column)
    )
    return SQL("COALESCE({}, -{})").format(here, Identifier("stage", column))


def _unknown(table: PublicTable, columns: tuple[str, ...], rows: Composable) -> Composable:
    known = SQL("SELECT {} FROM {} WHERE {}").format(
        _names(columns), _place(table.name), table.rows
    )
    return SQL("{} EXCEPT ALL {} ORDER BY pgh_created_at").format(rows, known)


def _place(table: str) -> Composable:
    return Identifier("public", table)


def _names(columns: tuple[str, ...]) -> Composable:
    return SQL(", ").join(map(Identifier, columns))


def _run(statement: str | Composable, parameters: Sequence[str] | None = None) -> None:
    """As text, since what keeps the audit reads the statement."""
    text = statement if isinstance(statement, str) else statement.as_string()
    with connection.cursor() as cursor:
        cursor.execute(text, parameters)
