"""Fixtures of the portal's tests."""

from itertools import count

import pytest
from django.test import Client

from tests.portal.pages import World, make_world

_addresses = count(1)


@pytest.fixture
def client() -> Client:
    """A browser at an address of its own: allauth's rate limits go by address."""
    number = next(_addresses)
    return Client(REMOTE_ADDR=f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}")


@pytest.fixture
def world(db: None) -> World:
    """An organization with one of everything."""
    return make_world("Acme")


@pytest.fixture
def other(db: None) -> World:
    """A second organization whose rows have the same names."""
    return make_world("Acme")
