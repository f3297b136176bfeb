from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.kernel.clock import utc_now
from apps.tenants.models import Organization, Project
from apps.tenants.permissions import KEY_SCOPES
from tests import factories
from tests.api.callers import Caller, by_key

pytestmark = pytest.mark.django_db


@pytest.fixture
def acme() -> Organization:
    return factories.make_organization("Acme")


@pytest.fixture
def call(acme: Organization) -> Caller:
    return by_key(factories.make_api_key(acme, KEY_SCOPES).text.value)


def _fill(organization: Organization, count: int) -> None:
    at = utc_now() + timedelta(hours=1)  # all at the same instant, which only the id tells apart
    Project.objects.bulk_create(
        Project(organization=organization, name=f"P{number}", created_at=at)
        for number in range(count)
    )


def _walk(call: Caller, limit: int) -> list[str]:
    names: list[str] = []
    cursor = ""
    while True:
        page = call("GET", f"/projects?limit={limit}&cursor={cursor}").json()
        names += [project["name"] for project in page["data"]]
        if page["next_cursor"] is None:
            return names
        cursor = page["next_cursor"]


def test_pages_hold_every_row_once_newest_first(acme: Organization, call: Caller) -> None:
    _fill(acme, 7)
    _fill(factories.make_organization("Other"), 3)
    expected = list(acme.projects.order_by("-created_at", "-id").values_list("name", flat=True))
    assert (_walk(call, 3), _walk(call, 8), len(expected)) == (expected, expected, 8)


def test_rows_added_meanwhile_neither_repeat_nor_hide_others(
    acme: Organization, call: Caller
) -> None:
    _fill(acme, 3)
    before = list(acme.projects.order_by("-created_at", "-id").values_list("name", flat=True))
    first = call("GET", "/projects?limit=2").json()
    factories.make_project(acme, "Later")
    Project.objects.filter(name="Later").update(created_at=utc_now() + timedelta(hours=2))
    rest = call("GET", f"/projects?cursor={first['next_cursor']}").json()
    assert [project["name"] for project in first["data"] + rest["data"]] == before


@pytest.mark.parametrize("limit", ["0", "201", "-1", "x", "1.5", "", "\u0663", "9" * 50])
def test_a_wrong_limit_is_refused(call: Caller, limit: str) -> None:
    response = call("GET", f"/projects?limit={limit}")
    assert (response.status_code, response.json()["errors"][0]["field"]) == (400, "limit")


def test_a_tampered_cursor_is_refused(acme: Organization, call: Caller) -> None:
    _fill(acme, 2)
    cursor = call("GET", "/projects?limit=1").json()["next_cursor"]
    for text in (cursor[:-1], "A" + cursor, "x", "%00"):
        response = call("GET", f"/projects?cursor={text}")
        assert (response.status_code, response.json()["errors"][0]["field"]) == (400, "cursor")


@pytest.mark.parametrize("path", ["/members", "/projects", "/keys", "/credentials", "/invitations"])
def test_lists_cost_the_same_queries_for_one_and_three_rows(
    acme: Organization, call: Caller, path: str
) -> None:
    call("GET", path)  # notes the use of the key, once a minute
    counts = []
    for number in range(3):
        _add_one_of_each(acme, number)
        with CaptureQueriesContext(connection) as queries:
            assert call("GET", path).status_code == 200
        counts.append(len(queries))
    assert counts == [counts[0]] * 3


def _add_one_of_each(organization: Organization, number: int) -> None:
    project = factories.make_project(organization, f"P{number}")
    factories.make_api_key(organization, project=project, name=f"K{number}")
    factories.make_credential(organization, name=f"C{number}")
    factories.make_invitation(organization, f"guest{number}@acme.test")
    factories.make_member(organization, "viewer")
