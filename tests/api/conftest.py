"""Tells the operations of the contract apart."""

import pytest
from _pytest.nodeid import NodeId
from schemathesis.pytest.plugin import SchemathesisFunction


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Name the operation in each id of schemathesis, as its items do in their names.

    pytest 9.2 builds ids without it, and pytest-xdist runs one test of each id: without this, one
    operation would be tested and the others silently not.
    """
    places = [n for n, item in enumerate(items) if isinstance(item, SchemathesisFunction)]
    for place in places:
        item = items[place]
        if isinstance(item, SchemathesisFunction) and "[" not in item.nodeid:
            item._id = NodeId.parse(f"{item.nodeid}[{item.operation_label}]")
    # The document lists methods in an order that differs from one process to the next.
    in_order = sorted((items[place] for place in places), key=lambda item: item.nodeid)
    for place, item in zip(places, in_order, strict=True):
        items[place] = item
