import csv
import io
from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client

from apps.kernel.clock import utc_now
from apps.kernel.events import Alert
from apps.notices.services.budgets import announce_budget
from apps.tenants.context import tenant_scope
from apps.usage.imports.models import Import
from apps.usage.querying import UsageQuery, usage
from apps.usage.services.budgets import window_bounds
from apps.usage.services.ingestion import ingest_events
from tests.portal.browsing import form_errors, path, sign_in
from tests.portal.pages import World, make_world
from tests.usage.calls import make_event

pytestmark = pytest.mark.django_db
WORLDS_LAST = ()
NOW = utc_now()
TODAY = NOW.replace(hour=0, minute=0, second=0, microsecond=0)
LONG_AGO = TODAY - timedelta(days=40)
DAY = {"since": f"{TODAY:%Y-%m-%d}", "until": f"{TODAY:%Y-%m-%d}"}


@pytest.fixture
def world() -> World:
    return make_world("Acme")


@pytest.fixture
def client(world: World, client: Client) -> Client:
    """Signed in, with calls of today and before, and of an organization of the same name."""
    other = make_world("Acme")
    keyed = {"project_id": world.project.pk, "api_key_id": world.key.pk}
    carry(world, "gpt-5", "1234.57", **keyed, end_user="grace", tags={"team": "search"})
    carry(world, "=evil", "0.000673", **keyed, tags={"team": "=a", "env": "prod"})
    carry(world, "my-own", None, project_id=world.project.pk, outcome="error", status=500)
    carry(world, "gpt-5", "800", at=TODAY - timedelta(days=1), project_id=world.project.pk)
    carry(world, "gpt-4", "8", at=TODAY - timedelta(days=1))
    carry(world, "gpt-5", "9", kind="import")
    carry(other, "canary", "5", end_user="canary", tags={"canary": "canary"})
    return sign_in(client, world.owner)


def carry(world: World, model: str, usd: str | None, **fields: Any) -> None:
    call = make_event(
        world.organization, served_model=model, actual_usd=usd and Decimal(usd), total_ms=4.0,
        **{"started_at": fields.pop("at", TODAY)} | fields,
    )  # fmt: skip
    ingest_events(organization=world.organization, events=[call], at=NOW)


def rows(page: Any) -> list[Sequence[str]]:
    return [
        (each["name"], each["calls"], each["usd"], each["before"], each["change"])
        for each in page.context["rows"]
    ]


def test_any_days_are_shown_beside_those_before(world: World, client: Client) -> None:
    page = client.get(path(world, "usage"), DAY | {"by": "model"})
    assert rows(page) == [
        ("gpt-5", "1", "$1,234.57", "$800.00", "+54.3 %"),
        ("=evil", "1", "$0.00067", "$0.00", "new"),
        ("my-own", "1", "no price", "$0.00", "–"),
        ("gpt-4", "0", "$0.00", "$8.00", "-100.0 %"),
    ]
    shown = {each["label"]: (each["value"], each["note"]) for each in page.context["stats"]}
    assert shown["Spend"] == ("$1,234.57", "$808.00 before, +52.8 %")
    assert shown["Requests"] == ("3", "2 before, +50.0 %")
    assert (shown["Failed requests"][0], shown["Requests without a price"][0]) == ("1", "1")
    assert shown["Latency, p95"][0] == "4 ms"
    assert "canary" not in page.content.decode()


def test_this_month_is_shown_where_no_days_are_named(world: World, client: Client) -> None:
    given = client.get(path(world, "usage")).context["form"].cleaned_data
    assert (given["since"], given["until"]) == (TODAY.date().replace(day=1), TODAY.date())
    page = client.get(path(world, "usage"), {"until": "2026-02-10"})
    assert f"{page.context['form'].cleaned_data['since']}" == "2026-02-01"


@pytest.mark.parametrize(
    ("by", "names"),
    [
        ("project", ["Search"]),
        ("key", ["Main nap", "No key"]),
        ("user", ["grace"]),
        ("tag", ["search", "=a"]),
        ("model", ["gpt-5", "=evil", "my-own"]),
        ("day", [f"{TODAY:%-d %b %Y}"]),
    ],
)
def test_calls_are_told_apart_by_each_thing(
    by: str, names: list[str], world: World, client: Client
) -> None:
    asked = DAY | {"by": by, "tag": "team" if by == "tag" else ""}
    found = [each["name"] for each in client.get(path(world, "usage"), asked).context["rows"]]
    known = [f"{world.key.name} {world.key.hint}" if name == "Main nap" else name for name in names]
    assert found[: len(known)] == known


def test_filters_are_in_the_address_and_narrow_all_figures(world: World, client: Client) -> None:
    for narrowed, spend in (
        ({"project": str(world.project.pk)}, "$1,234.57"),
        ({"key": str(world.key.pk), "model": "=evil"}, "$0.00067"),
        ({"user": "grace"}, "$1,234.57"),
        ({"tag": "env=prod"}, "$0.00067"),
        ({"user": "canary"}, "$0.00"),
    ):
        page = client.get(path(world, "usage"), DAY | narrowed)
        assert page.context["stats"][0]["value"] == spend
    by_model = client.get(path(world, "usage"), DAY | {"by": "model"})
    link = by_model.context["rows"][0]["url"]
    assert "model=gpt-5" in link
    assert rows(client.get(path(world, "usage") + link))[0][:3] == ("Search", "1", "$1,234.57")


def test_by_tag_asks_about_one_that_was_sent(world: World, client: Client) -> None:
    page = client.get(path(world, "usage"), DAY | {"by": "tag"})
    assert (page.context["tags"], page.context["tag"]) == (["env", "team"], "env")
    fresh = make_world("Fresh")
    page = sign_in(client, fresh.owner).get(path(fresh, "usage"), DAY | {"by": "tag", "tag": ""})
    assert page.status_code == 200


@pytest.mark.parametrize(
    ("asked", "field"),
    [
        ({"since": "2026-03-02", "until": "2026-03-01"}, "since"),
        ({"since": "2020-01-01", "until": "2026-03-01"}, "since"),
        ({"since": "2019-12-31", "until": "2020-01-02"}, "since"),
        ({"since": "soon"}, "since"),
        ({"project": "01a1febb-f219-75c7-91d7-fc121b245904"}, "project"),
        ({"by": "weather"}, "by"),
        ({"since": "2025-01-01", "until": "2025-01-31", "user": "a", "model": "b"}, "__all__"),
    ],
)
def test_what_cannot_be_answered_is_told(
    asked: dict[str, str], field: str, world: World, client: Client
) -> None:
    assert list(form_errors(client.get(path(world, "usage"), asked))) == [field]
    assert client.get(path(world, "usage_file"), asked).status_code == 400


def test_the_file_has_the_rows_of_the_page_and_the_figures_of_the_api(
    world: World, client: Client
) -> None:
    answer = client.get(path(world, "usage_file"), DAY | {"by": "model"})
    lines = list(csv.DictReader(io.StringIO(answer.content.decode(), newline="")))
    with tenant_scope(world.organization):
        asked = UsageQuery(("calls", "actual_usd"), TODAY, TODAY + timedelta(days=1))
        totals = usage(asked, at=NOW).totals
    assert sum(Decimal(line["actual_usd"]) for line in lines) == totals["actual_usd"]
    assert sum(int(line["calls"]) for line in lines) == totals["calls"] == 3
    assert [line["name"] for line in lines] == ["gpt-5", "'=evil", "my-own", "gpt-4"]
    assert sum(Decimal(line["previous_actual_usd"]) for line in lines) == 808
    assert {(line["since"], line["until"]) for line in lines} == {(DAY["since"], DAY["until"])}
    name = f"usage-{DAY['since']}-{DAY['until']}-model.csv"
    assert answer["Content-Disposition"] == f'attachment; filename="{name}"'


def test_days_are_those_of_the_organization(world: World, client: Client) -> None:
    type(world.organization).objects.filter(pk=world.organization.pk).update(
        time_zone="America/New_York"
    )
    yesterday = f"{TODAY - timedelta(days=1):%Y-%m-%d}"
    page = client.get(path(world, "usage"), {"since": yesterday, "until": yesterday})
    # Midnight UTC is still the day before in New York.
    assert page.context["stats"][0]["value"] == "$1,234.57"


def test_limits_say_how_full_they_are(world: World, client: Client) -> None:
    page = client.get(path(world, "usage"))
    [gauge] = page.context["gauges"]
    assert (gauge.subject, gauge.state, gauge.percent) == ("Project Search", "Used up", 100)
    assert gauge.said == "$100.00 a month"
    assert page.context["limit_count"] == 1


def test_alerts_of_windows_that_run_are_open(world: World, client: Client) -> None:
    for window, at in (("month", NOW), ("month", LONG_AGO), ("day", LONG_AGO)):
        name, _ = window_bounds(window, at)
        alert = Alert(world.limit.pk, Decimal("0.8"), name, Decimal(100), Decimal(80))
        announce_budget(organization=world.organization, alert=alert, at=at)
    other = make_world("Acme")
    theirs = Alert(other.limit.pk, Decimal("0.9"), window_bounds("month", NOW)[0], Decimal(1),
                   Decimal(1))  # fmt: skip
    announce_budget(organization=other.organization, alert=theirs, at=NOW)
    alerts = client.get(path(world, "usage")).context["alerts"]
    assert [each.subject.partition(" %")[0] for each in alerts] == ["80"]


def test_imports_are_followed_while_they_are_read(world: World, client: Client) -> None:
    done = client.get(path(world, "usage_imports")).content.decode()
    assert (world.imported.name in done, "hx-trigger" in done) == (True, False)
    with tenant_scope(world.organization):
        Import.objects.update(state="running", read_bytes=0)
    for view in ("usage", "usage_imports"):
        page = client.get(path(world, view)).content.decode()
        assert ('hx-trigger="every 2s"' in page, "0 % of" in page) == (True, True)


def test_the_statement_compared_last_is_shown(world: World, client: Client) -> None:
    reconciled = client.get(path(world, "usage")).context["reconciled"]
    assert (reconciled["statement"], reconciled["theirs"]) == (world.statement, "$0.50")
