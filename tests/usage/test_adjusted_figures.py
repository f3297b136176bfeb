import io
from collections.abc import Iterator
from csv import DictReader
from decimal import Decimal, localcontext

import orjson
import pyarrow.parquet as pq
import pytest

from apps.kernel.events import Event
from apps.tenants.context import tenant_scope
from apps.tenants.models import Organization
from apps.usage import reconciling
from apps.usage.exports import exported
from apps.usage.ledger.models import OrganizationDay
from apps.usage.ledger.selectors import used
from apps.usage.models import ProviderStatement
from apps.usage.querying import UsageQuery, usage
from apps.usage.selectors import ANY, EventFilter, events, spent_usd
from apps.usage.services import repricing
from tests.factories import make_organization
from tests.usage.calls import PROJECT
from tests.usage.repricings import (
    APRIL,
    MARCH,
    NOW,
    OTHER_PROJECT,
    PERIOD,
    assert_all_equal,
    by_second_version,
    mixed_calls,
    publish_versions,
    reprice,
    store,
)

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _versions() -> Iterator[None]:
    publish_versions()
    with localcontext(prec=60):
        yield


@pytest.fixture
def acme() -> Organization:
    return make_organization("Acme")


@pytest.fixture
def repriced(acme: Organization, monkeypatch: pytest.MonkeyPatch) -> list[Event]:
    """120 calls of March at version 2, in batches smaller than the month."""
    other = make_organization("Other")
    store(other, *mixed_calls(other))
    calls = list(mixed_calls(acme))
    store(acme, *calls)
    monkeypatch.setattr(repricing, "BATCH", 50)
    assert reprice(acme).adjusted == 120
    return calls


@pytest.mark.parametrize("dimensions", [(), ("served_model", "kind"), ("end_user",), ("tag",)])
@pytest.mark.parametrize("only_events", [False, True])
def test_every_question_is_answered_with_adjustments(
    acme: Organization, repriced: list[Event], dimensions: tuple[str, ...], only_events: bool
) -> None:
    asked = UsageQuery(
        ("calls", "tokens", "actual_usd", "unpriced_calls"), MARCH, APRIL, dimensions,
        granularity="day", filters={"dialect": ["openai"]} if only_events else {},
        tag="team" if dimensions == ("tag",) else None,
    )  # fmt: skip
    with tenant_scope(acme):
        found = usage(asked, at=NOW)
    counted = [each for each in repriced if each.end_user or dimensions != ("end_user",)]
    assert found.totals == {
        "calls": len(counted),
        "tokens": sum(each.buckets.total for each in counted),
        "actual_usd": by_second_version(counted),
        "unpriced_calls": 0,
    }
    assert ("events" in found.sources) == only_events


def test_every_export_has_the_adjusted_figures(acme: Organization, repriced: list[Event]) -> None:
    whole = by_second_version(repriced)
    files = {
        name: b"".join(exported(acme, ANY, name=name, at=NOW))
        for name in ("csv", "jsonl", "parquet", "focus")
    }
    lines = [orjson.loads(line) for line in files["jsonl"].splitlines()]
    table = pq.read_table(io.BytesIO(files["parquet"])).to_pylist()
    cells = list(DictReader(io.StringIO(files["csv"].decode(), newline="")))
    spent = list(DictReader(io.StringIO(files["focus"].decode(), newline="")))
    assert sum(Decimal(each["actual_usd"]) for each in lines) == whole
    assert sum(each["actual_usd"] for each in table) == whole
    assert sum(Decimal(each["actual_usd"]) for each in cells) == whole
    assert sum(Decimal(each["BilledCost"]) for each in spent) == whole
    assert {each["price_version"] for each in lines} == {2}
    assert {each["SkuMeter"] for each in spent} == {"Input Uncached", "Output"}


def test_log_reconciliation_budgets_and_books_have_the_adjusted_figures(
    acme: Organization, repriced: list[Event]
) -> None:
    whole = by_second_version(repriced)
    live = by_second_version([each for each in repriced if each.kind == "live"])
    with tenant_scope(acme):
        statement = ProviderStatement(provider="openai", month=PERIOD, total_usd=whole)
        found = reconciling.reconciliation(statement)
        [summary] = reconciling.summaries([statement])
        assert spent_usd(since=MARCH) == live
        costs = {row.pk: row.actual_usd or 0 for row in events()}
        dearest = max(costs, key=costs.__getitem__)
        bounded = events(EventFilter(min_usd=Decimal(costs[dearest])))
        assert [row.pk for row in bounded] == [dearest]
    assert sum(costs.values()) == whole
    assert (found.total.our_usd, found.total.gap_usd) == (whole, Decimal(0))
    assert found.unpriced == []
    assert summary.total.our_usd == whole
    assert sum(used(acme.pk, PERIOD)[each, "usd"] for each in (PROJECT, OTHER_PROJECT)) == whole
    days = OrganizationDay.objects.filter(organization_id=acme.pk)
    assert sum(day.spend_usd for day in days) == whole
    assert_all_equal(acme)
