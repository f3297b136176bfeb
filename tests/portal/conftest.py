"""Fixtures of the portal's tests."""

from collections.abc import Iterator
from copy import deepcopy

import pytest
from django.core.cache import cache
from django.db import transaction
from pytest_django.plugin import DjangoDbBlocker

from tests.portal.pages import World, make_world

Worlds = tuple[World, World]


@pytest.fixture(autouse=True)
def _fresh_rate_limits() -> None:
    """allauth counts by address and e-mail in the cache, which outlives a test."""
    cache.clear()


@pytest.fixture(scope="module", autouse=True)
def lasting(request: pytest.FixtureRequest) -> Iterator[Worlds | None]:
    """In a module with WORLDS_LAST: two worlds in a transaction around all of its tests, which have
    to roll back. WORLDS_LAST names what of a world is not to be made again by each of them.
    """
    made: tuple[str, ...] | None = getattr(request.module, "WORLDS_LAST", None)
    if made is None:
        yield None
        return
    request.getfixturevalue("django_db_setup")
    blocker: DjangoDbBlocker = request.getfixturevalue("django_db_blocker")
    with blocker.unblock():
        around = transaction.atomic()
        around.__enter__()
        worlds = make_world("Acme"), make_world("Acme")
        assert all(getattr(each, name) for each in worlds for name in made)
    yield worlds
    with blocker.unblock():
        transaction.set_rollback(True)
        around.__exit__(None, None, None)


@pytest.fixture
def world(lasting: Worlds | None, db: None) -> World:
    """An organization with one of everything. What a test does to it ends with the test."""
    return deepcopy(lasting[0]) if lasting else make_world("Acme")


@pytest.fixture
def other(lasting: Worlds | None, db: None) -> World:
    """A second organization whose rows have the same names."""
    return deepcopy(lasting[1]) if lasting else make_world("Acme")
