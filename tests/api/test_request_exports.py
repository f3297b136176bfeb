import csv
import io
from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal

import orjson
import pyarrow.parquet as pq
import pytest

from apps.kernel.events import Event
from apps.kernel.tokens import TokenBuckets
from apps.tenants.downloads import Download
from apps.tenants.models import Organization
from apps.tenants.permissions import KEY_SCOPES, Permission
from apps.usage.exports import walking
from apps.usage.services.ingestion import ingest_events
from tests import factories
from tests.api.callers import Caller, by_key
from tests.usage.calls import AT, make_event

pytestmark = pytest.mark.django_db
COSTS = [Decimal("0.100000000000000001"), None, Decimal(0), Decimal("2.5")]


@pytest.fixture
def acme() -> Organization:
    return factories.make_organization("Acme")


@pytest.fixture
def call(acme: Organization) -> Caller:
    return by_key(factories.make_api_key(acme, {Permission.USAGE_READ}).text.value)


@pytest.fixture
def given(acme: Organization) -> list[Event]:
    """Events of ours, oldest first, and one of somebody else."""
    ours = [
        make_event(
            acme,
            started_at=AT + timedelta(minutes=n),
            actual_usd=cost,
            is_priced=cost is not None,
            end_user="=HYPERLINK(1)",
            buckets=TokenBuckets(input_uncached=n),
            served_model="gpt-5",
        )
        for n, cost in enumerate(COSTS)
    ]
    ingest_events(organization=acme, events=ours, at=AT)
    other = factories.make_organization("Acme")
    theirs = make_event(other, end_user="canary", actual_usd=Decimal(9))
    ingest_events(organization=other, events=[theirs], at=AT)
    return ours


def body(call: Caller, query: str) -> bytes:
    response = call("GET", f"/requests/export?{query}")
    assert response.status_code == 200
    data: bytes = response.getvalue()
    return data


def as_csv(data: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(data.decode(), newline="")))


def test_the_same_events_and_figures_in_each_format(
    given: list[Event], call: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(walking, "BATCH", 2)  # so that there is more than one
    ids = [str(event.event_id) for event in given]
    lines = [orjson.loads(line) for line in body(call, "format=jsonl").splitlines()]
    rows = as_csv(body(call, "format=csv"))
    table = pq.read_table(io.BytesIO(body(call, "format=parquet"))).to_pylist()
    assert [[each["id"] for each in found] for found in (lines, rows, table)] == [ids] * 3
    assert [each["actual_usd"] for each in table] == COSTS
    assert [each["actual_usd"] for each in rows] == [each["actual_usd"] or "" for each in lines]
    spent = [Decimal(each["BilledCost"]) for each in as_csv(body(call, "format=focus"))]
    assert sum(spent) == sum(cost for cost in COSTS if cost is not None)


def test_spend_has_imported_calls_when_they_are_asked_for(
    acme: Organization, given: list[Event], call: Caller
) -> None:
    imported = make_event(acme, kind="import", served_model="elsewhere", actual_usd=Decimal(7))
    ingest_events(organization=acme, events=[imported], at=AT)
    assert b"elsewhere" not in body(call, "format=focus")
    [row] = as_csv(body(call, "format=focus&kind=import"))
    assert row["BilledCost"] == "7"


def test_figures_are_those_of_the_api(given: list[Event], call: Caller) -> None:
    listed = {row["id"]: row["actual_usd"] for row in call("GET", "/requests").json()["data"]}
    lines = [orjson.loads(line) for line in body(call, "format=jsonl").splitlines()]
    assert {line["id"]: line["actual_usd"] for line in lines} == listed


def test_a_spreadsheet_runs_nothing_of_it(given: list[Event], call: Caller) -> None:
    assert {row["end_user"] for row in as_csv(body(call, "format=csv"))} == {"'=HYPERLINK(1)"}


def test_an_export_is_narrowed_as_the_list_is(given: list[Event], call: Caller) -> None:
    rows = as_csv(body(call, "format=csv&since=2026-03-15T12:01:00Z&is_priced=true"))
    assert [row["id"] for row in rows] == [str(event.event_id) for event in given[2:]]


def test_nothing_of_another_organization_is_in_it(given: list[Event], call: Caller) -> None:
    for name in ("csv", "jsonl", "parquet", "focus"):
        assert b"canary" not in body(call, f"format={name}")


def test_it_is_a_file_to_keep(given: list[Event], call: Caller) -> None:
    response = call("GET", "/requests/export?format=focus", headers={"Accept": "text/csv"})
    assert response["Content-Disposition"] == 'attachment; filename="requests.focus.csv"'
    assert (response["Content-Type"], response["Cache-Control"]) == (
        "text/csv; charset=utf-8",
        "no-store",
    )
    response.close()


@pytest.mark.parametrize("query", ["", "format=xml", "format=csv&outcome=lost"])
def test_what_cannot_be_exported_is_said(call: Caller, query: str) -> None:
    response = call("GET", f"/requests/export?{query}")
    assert (response.status_code, response.json()["code"]) == (400, "invalid_request")


def test_a_key_without_the_scope_exports_nothing(acme: Organization) -> None:
    lacking = by_key(factories.make_api_key(acme, KEY_SCOPES - {Permission.USAGE_READ}).text.value)
    assert lacking("GET", "/requests/export?format=csv").status_code == 403


async def test_each_piece_is_made_when_it_is_asked_for() -> None:
    made: list[int] = []

    def pieces() -> Iterator[bytes]:
        for number in range(3):
            made.append(number)
            yield b"piece"

    stream = aiter(Download(pieces(), "text/csv", "some.csv"))
    assert (await anext(stream), made) == (b"piece", [0])
    assert ([part async for part in stream], made) == ([b"piece"] * 2, [0, 1, 2])
