"""Rows of `public` that belong to nobody alone and that an organization's rows refer to.

People are carried as e-mail address and name: no password, no second factor, and no key, which
differs between installations. The price book is carried whole, because calls name its versions;
what it says of other organizations is not. Contexts say who did what the audit tells of.
"""

from collections.abc import Iterator, Sequence
from uuid import UUID

from psycopg.sql import SQL, Composable, Identifier, Literal

from apps.tenants.archives.tables import PublicTable, carried_tables

PEOPLE, CONTEXTS, CATALOGUES, EDITIONS = "people", "contexts", "catalogues", "editions"
CATALOGUE_COLUMNS = ("digest", "edition", "source", "content", "added_at")
EDITION_COLUMNS = ("version", "catalogue_id", "in_force_from", "reason")
RESTORED = "Restored with an organization"
_USERS = SQL("SELECT id, email, full_name FROM public.tenants_user WHERE id IN ({}) ORDER BY id")
_CONTEXTS = SQL(
    "SELECT id, created_at, updated_at, metadata FROM public.pghistory_context"
    " WHERE id IN ({}) ORDER BY id"
)
_CATALOGUES = SQL("SELECT {} FROM public.pricing_catalogue ORDER BY digest")
_EDITIONS = SQL(
    "SELECT version, catalogue_id, in_force_from, CASE WHEN version IN ("
    "SELECT unnest(ARRAY[introduced_id, ended_id]) FROM public.pricing_contractedrate"
    " WHERE {}) THEN reason ELSE {} END FROM public.pricing_pricebookedition ORDER BY version"
)


def shared_rows(organization_id: UUID) -> Iterator[tuple[str, tuple[str, ...], Composable]]:
    """Name, columns and query of each kind of shared row that goes into an archive."""
    tables = list(carried_tables(organization_id))
    yield PEOPLE, ("id", "email", "full_name"), _USERS.format(_referred(_people(tables)))
    contexts = ("id", "created_at", "updated_at", "metadata")
    yield CONTEXTS, contexts, _CONTEXTS.format(_referred(_contexts(tables)))
    columns = SQL(", ").join(map(Identifier, CATALOGUE_COLUMNS))
    yield CATALOGUES, CATALOGUE_COLUMNS, _CATALOGUES.format(columns)
    [rates] = (each for each in tables if each.name == "pricing_contractedrate")
    yield EDITIONS, EDITION_COLUMNS, _EDITIONS.format(rates.rows, Literal(RESTORED))


def _people(tables: Sequence[PublicTable]) -> Iterator[Composable]:
    for table in tables:
        for column in sorted(table.people):
            yield _column(column, table.name, table.rows)


def _contexts(tables: Sequence[PublicTable]) -> Iterator[Composable]:
    for table in tables:
        if table.is_audit:
            yield _column("pgh_context_id", table.name, table.rows)


def _column(column: str, table: str, rows: Composable) -> Composable:
    return SQL("SELECT {} FROM {} WHERE {}").format(
        Identifier(column), Identifier("public", table), rows
    )


def _referred(queries: Iterator[Composable]) -> Composable:
    return SQL(" UNION ").join(list(queries))
