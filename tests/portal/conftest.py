"""Fixtures of the portal's tests."""

from copy import deepcopy

import pytest
from django.core.cache import cache
from pytest_django.plugin import DjangoDbBlocker

from tests.portal.pages import World, make_world

Worlds = tuple[World, World]


@pytest.fixture(autouse=True)
def _fresh_rate_limits() -> None:
    """allauth counts by address and e-mail in the cache, which outlives a test."""
    cache.clear()


@pytest.fixture(scope="module", autouse=True)
def lasting(request: pytest.FixtureRequest) -> Worlds | None:
    """In a module with WORLDS_LAST: two worlds for all of its tests (see lasting_rows). It names
    what of a world is not to be made again by each of them.
    """
    made: tuple[str, ...] | None = getattr(request.module, "WORLDS_LAST", None)
    if made is None:
        return None
    request.getfixturevalue("lasting_rows")
    blocker: DjangoDbBlocker = request.getfixturevalue("django_db_blocker")
    with blocker.unblock():
        worlds = make_world("Acme"), make_world("Acme")
        assert all(getattr(each, name) for each in worlds for name in made)
    return worlds


@pytest.fixture
def world(lasting: Worlds | None, db: None) -> World:
    """An organization with one of everything. What a test does to it ends with the test."""
    return deepcopy(lasting[0]) if lasting else make_world("Acme")


@pytest.fixture
def other(lasting: Worlds | None, db: None) -> World:
    """A second organization whose rows have the same names."""
    return deepcopy(lasting[1]) if lasting else make_world("Acme")
