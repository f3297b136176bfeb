import csv
import io
from datetime import timedelta
from decimal import Decimal

import pytest
from django.test import Client

from apps.kernel.clock import utc_now
from apps.tenants.context import tenant_scope
from apps.usage.querying import UsageQuery, usage
from apps.usage.services.ingestion import ingest_events
from tests.portal.browsing import path, sign_in
from tests.portal.pages import World, make_world
from tests.usage.calls import make_event

pytestmark = pytest.mark.django_db
NOW = utc_now()
THIS_MONTH = NOW.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
LAST_MONTH = (THIS_MONTH - timedelta(days=1)).replace(day=1)


@pytest.fixture
def world() -> World:
    return make_world("Acme")


@pytest.fixture
def client(world: World, client: Client) -> Client:
    """Signed in, with calls of two months, and of an organization of the same name."""
    other, project = make_world("Acme"), world.project.pk
    costs = {"gpt-5": "1234.565", "=evil": "0.000673", "my-own": None}
    calls = [
        make_event(
            world.organization, started_at=THIS_MONTH, project_id=project, served_model=model,
            actual_usd=usd and Decimal(usd), total_ms=4.0,
        )
        for model, usd in costs.items()
    ]  # fmt: skip
    calls.append(make_event(world.organization, started_at=LAST_MONTH, actual_usd=Decimal(8)))
    calls.append(
        make_event(world.organization, started_at=THIS_MONTH, kind="import", actual_usd=Decimal(9))
    )
    ingest_events(organization=world.organization, events=calls, at=NOW)
    theirs = make_event(other.organization, started_at=THIS_MONTH, served_model="canary")
    ingest_events(organization=other.organization, events=[theirs], at=NOW)
    return sign_in(client, world.owner)


def test_a_month_is_shown_beside_the_one_before(world: World, client: Client) -> None:
    page = client.get(path(world, "usage")).content.decode()
    shown = ("$1,234.57", "$8.00 in the month before", "my-own", "no price", "$0.00067", "Search",
             f"{THIS_MONTH:%B %Y}", "4 ms")  # fmt: skip
    assert [text in page for text in shown] == [True] * len(shown)
    assert ("canary" in page, "Month after" in page) == (False, False)


def test_other_months_are_found_by_their_address(world: World, client: Client) -> None:
    page = client.get(path(world, "usage"), {"month": f"{LAST_MONTH:%Y-%m}"}).content.decode()
    assert ("$8.00" in page, "gpt-5" in page, "Month after" in page) == (True, False, True)
    for strange in ("0001-01", "9999-12", "soon", "2026-13"):
        assert client.get(path(world, "usage"), {"month": strange}).status_code == 200


def test_the_file_has_the_figures_of_the_api(world: World, client: Client) -> None:
    answer = client.get(path(world, "usage_file"))
    lines = list(csv.DictReader(io.StringIO(answer.content.decode(), newline="")))
    with tenant_scope(world.organization):
        asked = UsageQuery(("calls", "actual_usd"), THIS_MONTH, THIS_MONTH + timedelta(days=28))
        totals = usage(asked, at=NOW).totals
    assert sum(Decimal(line["actual_usd"]) for line in lines) == totals["actual_usd"]
    assert sum(int(line["calls"]) for line in lines) == totals["calls"] == 3
    assert {line["served_model"] for line in lines} == {"gpt-5", "'=evil", "my-own"}
    assert {line["day"] for line in lines} == {f"{THIS_MONTH:%Y-%m-%d}"}
    assert answer["Content-Disposition"] == f'attachment; filename="usage-{THIS_MONTH:%Y-%m}.csv"'


def test_days_and_months_are_those_of_the_organization(world: World, client: Client) -> None:
    type(world.organization).objects.filter(pk=world.organization.pk).update(
        time_zone="America/New_York"
    )
    page = client.get(path(world, "usage"), {"month": f"{LAST_MONTH:%Y-%m}"}).content.decode()
    # Midnight UTC on the first of a month is still the month before in New York.
    assert ("gpt-5" in page, "$1,234.57" in page) == (True, True)
