"""A database for each test process: a clone of one template that holds every migration.

The template is named after a hash of what shapes it, so it is made again exactly when that changes.
A whole run makes it while tests are still collected: python -m tests.databases.
"""

import hashlib
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psycopg
from psycopg import sql

ROOT = Path(__file__).resolve().parents[1]
_SHAPING = (
    "requirements.txt",
    "netra/settings/*.py",
    "apps/**/*migrations/*.py",
    "apps/billing/together.py",
    "apps/tenants/schema*.py",
    "apps/tenants/services/migration.py",
)
_LOCK = 6_203_198_245  # any number of our own


def digest(root: Path = ROOT) -> str:
    """12 hex digits that change with the migrations, the settings and the packages."""
    total = hashlib.sha256()
    for path in sorted({path for pattern in _SHAPING for path in root.glob(pattern)}):
        total.update(f"{path.relative_to(root)}\0".encode() + path.read_bytes() + b"\0")
    return total.hexdigest()[:12]


def template_name() -> str:
    """Of the template of this checkout."""
    return f"template_{digest()}"


def with_name(url: str, name: str) -> str:
    """The same server, another database."""
    return urlunsplit(urlsplit(url)._replace(path=f"/{name}"))


def migrate(url: str) -> None:
    """Every schema brought up to date, in a process that leaves no connection behind."""
    command = [sys.executable, str(ROOT / "manage.py"), "migrate_all"]
    env = os.environ | {"DATABASE_URL": url}
    done = subprocess.run(command, env=env, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"migrate_all failed:\n{done.stdout}{done.stderr}")


def ensure_template(url: str, name: str, fill: Callable[[str], None] = migrate) -> None:
    """Make the template database `name` unless it is there; others called alike go.

    name: KIND_DIGEST; those of the same kind are older states of the same template.
    url: leads to any other database of the server.
    Test processes take turns.
    """
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("SELECT pg_advisory_lock(%s)", [_LOCK])
        templates = _databases_named(connection, f"{name.rpartition('_')[0]}_")
        if name not in templates:
            _replace_templates(connection, url, [*templates], name, fill)


def _replace_templates(
    connection: psycopg.Connection,
    url: str,
    old: list[str],
    name: str,
    fill: Callable[[str], None],
) -> None:
    draft = f"draft_of_{name}"
    for unwanted in [*old, draft]:
        _drop(connection, unwanted)
    connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(draft)))
    fill(with_name(url, draft))
    rename = sql.SQL("ALTER DATABASE {} RENAME TO {}")
    connection.execute(rename.format(sql.Identifier(draft), sql.Identifier(name)))


def clone(url: str, template: str, name: str) -> str:
    """The URL of a fresh clone called `name`, in place of the one before: dropping takes seconds
    that nobody should wait for at the end of a run.
    """
    with psycopg.connect(url, autocommit=True) as connection:
        _drop(connection, name)
        create = sql.SQL("CREATE DATABASE {} TEMPLATE {} STRATEGY = file_copy")
        connection.execute(create.format(sql.Identifier(name), sql.Identifier(template)))
    return with_name(url, name)


def _databases_named(connection: psycopg.Connection, prefix: str) -> set[str]:
    rows = connection.execute("SELECT datname FROM pg_database").fetchall()
    return {name for (name,) in rows if name.startswith(prefix)}


def _drop(connection: psycopg.Connection, name: str) -> None:
    drop = sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)")
    connection.execute(drop.format(sql.Identifier(name)))


if __name__ == "__main__":
    ensure_template(os.environ["DATABASE_URL"], template_name())
