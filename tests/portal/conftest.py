"""Fixtures of the portal's tests."""

import pytest
from django.core.cache import cache

from tests.portal.pages import World, make_world


@pytest.fixture(autouse=True)
def _fresh_rate_limits() -> None:
    """allauth counts by address and e-mail in the cache, which outlives a test."""
    cache.clear()


@pytest.fixture
def world(db: None) -> World:
    """An organization with one of everything."""
    return make_world("Acme")


@pytest.fixture
def other(db: None) -> World:
    """A second organization whose rows have the same names."""
    return make_world("Acme")
