from collections.abc import Callable

import pytest
from django.db import connection
from django.test import Client, RequestFactory
from django.test.utils import CaptureQueriesContext

from apps.portal.paging import PAGE_SIZE, page_of
from apps.tenants.models import Project
from apps.tenants.permissions import Role
from apps.tenants.selectors import projects
from tests.factories import (
    make_api_key,
    make_credential,
    make_invitation,
    make_member,
    make_organization,
    make_project,
)
from tests.portal.browsing import path, sign_in
from tests.portal.pages import World


def _add_member(world: World, number: int) -> None:
    make_member(world.organization, Role.VIEWER)
    make_invitation(world.organization, f"guest{number}@acme.test")


ADDERS: dict[str, Callable[[World, int], object]] = {
    "members": _add_member,
    "projects": lambda world, number: make_project(world.organization, f"Project {number}"),
    "keys": lambda world, number: make_api_key(world.organization, name=f"Key {number}"),
    "credentials": lambda world, number: make_credential(world.organization, name=f"N{number}"),
    "home": _add_member,
}


@pytest.mark.parametrize("view", ADDERS)
def test_more_rows_cost_no_more_queries(view: str, world: World, client: Client) -> None:
    sign_in(client, world.owner)
    client.get(path(world, view))
    counts = []
    for number in range(3):
        with CaptureQueriesContext(connection) as queries:
            client.get(path(world, view))
        counts.append(len(queries))
        ADDERS[view](world, number)
    assert counts == [counts[0]] * 3


def test_a_long_list_is_cut_into_pages(db: None, rf: RequestFactory) -> None:
    organization = make_organization()
    Project.objects.bulk_create(
        Project(organization=organization, name=f"P{number}") for number in range(PAGE_SIZE)
    )
    rows = projects(organization)
    first = page_of(rows, rf.get("/list", {"project": "x"}))
    assert (len(first.rows), first.previous_url) == (PAGE_SIZE, "")
    assert first.next_url == "/list?project=x&page=2"
    second = page_of(rows, rf.get("/list", {"page": "2"}))
    assert (len(second.rows), second.previous_url, second.next_url) == (1, "/list?page=1", "")


@pytest.mark.parametrize("text", ["0", "-1", "x", "", "9" * 40, "²"])
def test_no_page_number_is_the_first_page(db: None, text: str, rf: RequestFactory) -> None:
    organization = make_organization()
    page = page_of(projects(organization), rf.get("/list", {"page": text}))
    assert [project.name for project in page.rows] == ["Default"]
