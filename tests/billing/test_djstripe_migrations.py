"""dj-stripe's 523 migration operations are flattened; the schema must be as if they had run."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from tests.databases import with_name

FINGERPRINT = Path(__file__).with_name("djstripe_schema.json")
SHIPPED_SETTINGS = """
from netra.settings.test import *
MIGRATION_MODULES = {}
"""
COLUMNS = """
    SELECT table_name, column_name, data_type, character_maximum_length::text, is_nullable,
        column_default, is_identity
    FROM information_schema.columns
    WHERE table_schema = 'public' AND table_name LIKE 'djstripe%' ORDER BY 1, 2
"""
CONSTRAINTS = """
    SELECT c.conrelid::regclass::text, c.contype::text, pg_get_constraintdef(c.oid)
    FROM pg_constraint c WHERE c.conrelid::regclass::text LIKE 'djstripe%' ORDER BY 1, 2, 3
"""
# Names of generated indexes hold a digest of how they came about, so only what they do is compared.
INDEXES = """
    SELECT tablename, regexp_replace(indexdef, 'INDEX \\S+ ON', 'INDEX ON')
    FROM pg_indexes WHERE tablename LIKE 'djstripe%' ORDER BY 1, 2
"""

Schema = dict[str, list[list[str | None]]]


def schema_of(url: str) -> Schema:
    with psycopg.connect(url) as connection:
        return {
            name: [list(row) for row in connection.execute(query).fetchall()]
            for name, query in (
                ("columns", COLUMNS),
                ("constraints", CONSTRAINTS),
                ("indexes", INDEXES),
            )
        }


@contextmanager
def empty_database(name: str) -> Iterator[str]:
    server = os.environ["DATABASE_URL"]
    with psycopg.connect(with_name(server, "postgres"), autocommit=True) as connection:
        drop = sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name))
        connection.execute(drop)
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        yield with_name(server, name)
        connection.execute(drop)


def shipped_schema(folder: Path) -> Schema:
    (folder / "shipped_settings.py").write_text(SHIPPED_SETTINGS)
    root = str(Path(__file__).parents[2])
    with empty_database("djstripe_shipped") as url:
        subprocess.run(
            [sys.executable, "manage.py", "migrate", "djstripe", "-v", "0", "--skip-checks"],
            env=os.environ
            | {
                "DATABASE_URL": url,
                "DJANGO_SETTINGS_MODULE": "shipped_settings",
                "PYTHONPATH": f"{root}:{folder}",
            },
            cwd=root,
            check=True,
        )
        return schema_of(url)


@pytest.mark.django_db
def test_the_flattened_schema_equals_the_shipped_one() -> None:
    recorded = json.loads(FINGERPRINT.read_text())

    assert recorded["dj-stripe"] == version("dj-stripe"), "run this file with --long, then commit"
    assert schema_of(os.environ["DATABASE_URL"]) == recorded["schema"]


@pytest.mark.long
def test_the_recorded_schema_is_what_the_shipped_migrations_make(tmp_path: Path) -> None:
    shipped = {"dj-stripe": version("dj-stripe"), "schema": shipped_schema(tmp_path)}
    if os.environ.get("NETRA_WRITE_DOCS"):
        FINGERPRINT.write_text(json.dumps(shipped, indent=1) + "\n")

    assert json.loads(FINGERPRINT.read_text()) == shipped
