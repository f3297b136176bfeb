import pytest
from django.db import connection

from apps.tenants import schema
from apps.tenants.models import Organization
from apps.tenants.services.migration import migrate_everything
from tests.factories import make_organization

# What makes up a schema, without the schema's own name.
COLUMNS = """
    SELECT table_name, column_name, data_type, is_nullable, is_identity
    FROM information_schema.columns WHERE table_schema = %s ORDER BY 1, 2
"""
INDEXES = """
    SELECT tablename, indexname, replace(indexdef, schemaname || '.', '')
    FROM pg_indexes WHERE schemaname = %s ORDER BY 1, 2
"""
CONSTRAINTS = """
    SELECT c.conrelid::regclass::text, c.conname, c.contype, pg_get_constraintdef(c.oid)
    FROM pg_constraint c JOIN pg_namespace n ON n.oid = c.connamespace
    WHERE n.nspname = %s ORDER BY 2, 1
"""


def rows(sql: str, schema_name: str) -> list[tuple[object, ...]]:
    with schema.entered(schema_name), connection.cursor() as cursor:
        cursor.execute(sql, [schema_name])
        return list(cursor.fetchall())


@pytest.mark.django_db
@pytest.mark.parametrize("sql", [COLUMNS, INDEXES, CONSTRAINTS])
def test_a_clone_equals_its_template(sql: str) -> None:
    organization = make_organization()

    template = rows(sql, schema.TEMPLATE)
    assert template
    assert rows(sql, organization.schema_name) == template


@pytest.mark.django_db
def test_a_clone_knows_its_migrations() -> None:
    organization = make_organization()

    names = rows(
        "SELECT app, name FROM django_migrations WHERE %s <> '' ORDER BY 1, 2",
        organization.schema_name,
    )
    assert ("idempotency", "0001_initial") in names
    assert organization.schema_leaf == schema.tenant_leaf()


@pytest.mark.django_db
def test_up_to_date_schemas_are_skipped() -> None:
    make_organization()
    lines: list[str] = []

    assert migrate_everything(report=lines.append) == 0
    assert lines == []


@pytest.mark.django_db
def test_a_stale_schema_is_migrated_and_recorded() -> None:
    fresh, stale = make_organization("Fresh"), make_organization("Stale")
    with schema.entered(stale.schema_name), connection.cursor() as cursor:
        cursor.execute("DROP TABLE idempotency_reply")
        cursor.execute("DELETE FROM django_migrations WHERE app = 'idempotency'")
    Organization.objects.filter(pk=stale.pk).update(schema_leaf="older")
    lines: list[str] = []

    assert migrate_everything(report=lines.append) == 1

    assert lines == [f"migrating {stale.schema_name}"]
    assert rows(COLUMNS, stale.schema_name) == rows(COLUMNS, fresh.schema_name)
    stale.refresh_from_db()
    assert stale.schema_leaf == schema.tenant_leaf()


@pytest.mark.django_db
def test_dropping_a_schema_leaves_the_others() -> None:
    acme, globex = make_organization("Acme"), make_organization("Globex")

    schema.drop(acme.schema_name)

    assert rows(COLUMNS, acme.schema_name) == []
    assert rows(COLUMNS, globex.schema_name) == rows(COLUMNS, schema.TEMPLATE)
