"""Postgres has the path of the scope, whatever happened to the connection since it was sent."""

from collections.abc import Callable
from contextlib import AbstractContextManager, suppress

import pytest
from django.db import DatabaseError, connection, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from apps.tenants import schema

NAMES = ("first", "second", schema.PUBLIC)
STEPS = [*NAMES, "atomic", "leave", "fail", "query"]
Block = AbstractContextManager[object]


class Undone(Exception):
    """Rolls a block back."""


def path() -> str:
    """The first schema that Postgres looks in."""
    with connection.cursor() as cursor:
        cursor.execute("SHOW search_path")
        return str(cursor.fetchone()[0]).split(",")[0].strip('"')


def walk(steps: list[tuple[str, bool]]) -> None:
    """Take `steps`: the name of a schema or block, and whether it is rolled back when left."""
    blocks: list[tuple[Block, bool]] = []
    for step, is_undone in steps:
        if step in NAMES:
            enter(blocks, schema.entered(step), is_undone)
        elif step == "atomic":
            enter(blocks, transaction.atomic(), is_undone)
        elif step == "leave" and blocks:
            leave(*blocks.pop())
        elif step == "fail":
            fail()
        if is_undone or step == "query":
            assert path() == schema.current()
    while blocks:
        leave(*blocks.pop())
        assert path() == schema.current()


def enter(blocks: list[tuple[Block, bool]], block: Block, is_undone: bool) -> None:
    block.__enter__()
    blocks.append((block, is_undone))


def leave(block: Block, is_undone: bool) -> None:
    with suppress(Undone):
        block.__exit__(*((Undone, Undone(), None) if is_undone else (None, None, None)))


def fail() -> None:
    """A statement that Postgres refuses, and with it the transaction that it is in."""
    with suppress(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT * FROM a_table_that_nobody_made")


walks = given(st.lists(st.tuples(st.sampled_from(STEPS), st.booleans()), max_size=25))
quick = settings(max_examples=60, suppress_health_check=list(HealthCheck))


@pytest.mark.django_db(transaction=True)
@quick
@walks
def test_after_every_rollback_outside_a_transaction(steps: list[tuple[str, bool]]) -> None:
    walk(steps)
    assert path() == schema.PUBLIC


@pytest.mark.django_db
@quick
@walks
def test_after_every_rollback_within_one(steps: list[tuple[str, bool]]) -> None:
    walk(steps)
    assert path() == schema.PUBLIC


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("let_go", [connection.close, connection.close_if_unusable_or_obsolete])
def test_on_a_connection_that_another_scope_used(let_go: Callable[[], None]) -> None:
    with schema.entered("first"):
        assert path() == "first"
        connection.close()  # to the pool, with the path of `first`
    let_go()
    assert path() == schema.PUBLIC


@pytest.mark.django_db
def test_queries_of_one_scope_send_it_once() -> None:
    with schema.entered("first"), connection.execute_wrapper(noted := Noted()):
        assert [path(), path()] == ["first", "first"]
    assert [statement.split()[0] for statement in noted.statements] == ["SET", "SHOW", "SHOW"]


class Noted:
    """The statements that were sent."""

    def __init__(self) -> None:
        self.statements: list[str] = []

    def __call__(self, execute: Callable[..., object], sql: str, *rest: object) -> object:
        self.statements.append(sql)
        return execute(sql, *rest)
