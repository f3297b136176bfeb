"""The template that test databases are cloned from."""

import os
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from tests import databases
from tests.workers import separate, worker_number

SERVER = os.environ["DATABASE_URL"]


def fill(url: str) -> None:
    with psycopg.connect(url) as connection:
        connection.execute("CREATE TABLE filled (word text)")
        connection.execute("INSERT INTO filled VALUES ('template')")


def test_the_digest_changes_with_a_migration_and_not_with_a_view(tmp_path: Path) -> None:
    migration = tmp_path / "apps" / "a" / "migrations" / "0001_initial.py"
    migration.parent.mkdir(parents=True)
    migration.write_text("one")
    first = databases.digest(tmp_path)
    (tmp_path / "apps" / "a" / "views.py").write_text("any")
    assert databases.digest(tmp_path) == first
    migration.write_text("two")
    assert databases.digest(tmp_path) != first


@pytest.fixture
def kind(worker_id: str) -> Iterator[str]:
    """A kind of template of this process's own."""
    name = f"sample{worker_id}"
    yield name
    with psycopg.connect(SERVER, autocommit=True) as connection:
        for left in names(f"{name}_"):
            connection.execute(sql.SQL("DROP DATABASE {}").format(sql.Identifier(left)))


def names(prefix: str) -> list[str]:
    with psycopg.connect(SERVER) as connection:
        rows = connection.execute("SELECT datname FROM pg_database ORDER BY 1").fetchall()
    return [name for (name,) in rows if name.startswith(prefix)]


def test_a_template_is_filled_once_and_replaced_by_the_next(kind: str) -> None:
    filled: list[str] = []
    for digest in ("one", "one", "two"):
        databases.ensure_template(SERVER, f"{kind}_{digest}", filled.append)
    assert [url.rpartition("/")[2] for url in filled] == [
        f"draft_of_{kind}_one",
        f"draft_of_{kind}_two",
    ]
    assert names(f"{kind}_") == [f"{kind}_two"]


def test_a_template_whose_filling_failed_is_not_used(kind: str) -> None:
    def fail(url: str) -> None:
        fill(url)
        raise RuntimeError("cut off")

    with pytest.raises(RuntimeError, match="cut off"):
        databases.ensure_template(SERVER, f"{kind}_one", fail)
    assert names(f"{kind}_") == []
    databases.ensure_template(SERVER, f"{kind}_one", fill)
    assert names(f"{kind}_") == [f"{kind}_one"]


def test_a_clone_holds_what_its_template_holds_and_takes_the_place_of_the_one_before(
    kind: str,
) -> None:
    databases.ensure_template(SERVER, f"{kind}_one", fill)
    for _ in range(2):
        url = databases.clone(SERVER, f"{kind}_one", f"{kind}_clone")
        with psycopg.connect(url) as connection:
            assert connection.execute("SELECT word FROM filled").fetchall() == [("template",)]
            connection.execute("TRUNCATE filled")
    assert names(f"{kind}_") == [f"{kind}_clone", f"{kind}_one"]


def test_another_name_keeps_the_server() -> None:
    assert databases.with_name("postgres://u:p@h:1/a", "b") == "postgres://u:p@h:1/b"


@pytest.mark.parametrize(("worker", "number"), [("", 0), ("master", 0), ("gw0", 1), ("gw3", 4)])
def test_each_worker_has_a_number(worker: str, number: int) -> None:
    assert worker_number(worker) == number


def test_each_worker_has_a_valkey_database() -> None:
    environ = {"REDIS_URL": "redis://:p@h:1/0", "PYTEST_XDIST_WORKER": "gw1"}
    separate(environ)
    assert environ["REDIS_URL"] == "redis://:p@h:1/2"
