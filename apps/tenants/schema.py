"""The only place that chooses a Postgres schema: scopes, clones and migrations.

django-tenants' database backend sends `SET search_path` with the first cursor after each change of
schema, rollback and new connection; everything here tells it which. A tenant's schema is a clone of
a template, so that creating one costs no migration.
"""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

from django.apps import apps
from django.conf import settings
from django.core.management import call_command
from django.core.management.commands.migrate import Command as MigrateCommand
from django.db import connection as default_connection
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder
from django_tenants.utils import schema_exists

from apps.tenants.schema_copy import copying_statements

PUBLIC = "public"
TEMPLATE = "template_tenant"
# The wrapper of django-tenants, which adds `set_schema` and has no types.
connection: Any = default_connection
# One key of Postgres' advisory locks, so that two starting processes migrate one after the other.
MIGRATION_LOCK = 7_306_214_001


def current() -> str:
    """The schema that this thread's connection uses."""
    return str(connection.schema_name)


@contextmanager
def entered(schema_name: str) -> Iterator[None]:
    """Use `schema_name` in front of public for the block, then the one before."""
    before = current()
    connection.set_schema(schema_name)
    try:
        yield
    finally:
        connection.set_schema(before)


@contextmanager
def migration_lock() -> Iterator[None]:
    """Hold the database-wide lock of migrations; others wait."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(%s)", [MIGRATION_LOCK])
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [MIGRATION_LOCK])


def clone_template(schema_name: str) -> None:
    """Create `schema_name` with the tables, indexes and migration records of the template."""
    with entered(TEMPLATE), connection.cursor() as cursor:
        statements = copying_statements(cursor, TEMPLATE)
        cursor.execute(f"CREATE SCHEMA {connection.ops.quote_name(schema_name)}")
    with entered(schema_name), connection.cursor() as cursor:
        cursor.execute(";\n".join(statements))


def drop(schema_name: str) -> None:
    """Drop a tenant's schema with all that is in it."""
    with entered(PUBLIC), connection.cursor() as cursor:
        cursor.execute(f"DROP SCHEMA IF EXISTS {connection.ops.quote_name(schema_name)} CASCADE")


def migrate_public() -> None:
    """Bring the public schema up to date."""
    with entered(PUBLIC):
        # Some packages' system checks read tables, which an empty database does not have yet.
        call_command(MigrateCommand(), interactive=False, verbosity=0, skip_checks=True)


def migrate_template() -> None:
    """Create the template schema, or bring it up to date."""
    migrate_tenant(TEMPLATE)


def migrate_tenant(schema_name: str) -> None:
    """Apply the tenant apps' migrations to one schema, which is created when absent."""
    with entered(PUBLIC), connection.cursor() as cursor:
        cursor.execute(f"CREATE SCHEMA IF NOT EXISTS {connection.ops.quote_name(schema_name)}")
    _own_migration_table(schema_name)
    with entered(schema_name):
        executor = MigrationExecutor(connection)
        executor.migrate(_tenant_leaves(executor.loader))


def is_public_current() -> bool:
    """Whether public has every migration of every installed app."""
    with entered(PUBLIC):
        executor = MigrationExecutor(connection)
        return not executor.migration_plan(executor.loader.graph.leaf_nodes())


def is_template_current() -> bool:
    """Whether the template exists and has every migration of the tenant apps."""
    if not schema_exists(TEMPLATE):
        return False
    with entered(TEMPLATE):
        executor = MigrationExecutor(connection)
        return not executor.migration_plan(_tenant_leaves(executor.loader))


@cache
def tenant_leaf() -> str:
    """A digest of the newest migration of each tenant app: what an up-to-date schema records."""
    leaves = sorted(_tenant_leaves(MigrationLoader(None)))
    return hashlib.sha256(repr(leaves).encode()).hexdigest()


@cache
def public_leaf() -> str:
    """The same of every installed app: what an up-to-date installation records in public."""
    leaves = sorted(MigrationLoader(None).graph.leaf_nodes())
    return hashlib.sha256(repr(leaves).encode()).hexdigest()


def _tenant_leaves(loader: MigrationLoader) -> list[tuple[str, str]]:
    labels = {config.label for config in apps.get_app_configs() if config.name in _tenant_apps()}
    return [node for node in loader.graph.leaf_nodes() if node[0] in labels]


def _tenant_apps() -> list[str]:
    return list(settings.TENANT_APPS)


def _own_migration_table(schema_name: str) -> None:
    before = current()
    # Without public in the path, public's own table cannot be taken for this schema's.
    connection.set_schema(schema_name, include_public=False)
    try:
        MigrationRecorder(connection).ensure_schema()
    finally:
        connection.set_schema(before)
