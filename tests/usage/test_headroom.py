"""How much of each limit is used, of one's own calls only."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from pytest_django import DjangoAssertNumQueries

from apps.kernel.tokens import TokenBuckets
from apps.tenants.context import tenant_scope
from apps.tenants.models import ApiKey, Limit, Organization
from apps.tenants.selectors import limits
from apps.usage.headroom import Headroom, headroom
from apps.usage.services.ingestion import ingest_events
from tests.factories import make_api_key, make_limit, make_organization, make_project
from tests.usage.calls import make_event

pytestmark = pytest.mark.django_db
AT = datetime(2026, 3, 15, 12, 30, 20, tzinfo=UTC)
YESTERDAY, LAST_MONTH = AT - timedelta(days=1), AT - timedelta(days=30)
LAST_MINUTE = AT - timedelta(minutes=1)


@pytest.fixture
def key() -> ApiKey:
    """Of an organization with calls of this key and of another project, beside one just like it."""
    organizations = [make_organization("Acme"), make_organization("Acme")]
    keys = [make_api_key(each, project=make_project(each)).api_key for each in organizations]
    for key in keys:
        spend(key.organization, key, AT - timedelta(hours=1), "1")
        spend(key.organization, key, YESTERDAY, "2")
        spend(key.organization, key, LAST_MONTH, "4")
        spend(key.organization, None, LAST_MINUTE, "8")
        spend(key.organization, None, AT, "16", kind="judge")
    return keys[0]


def spend(
    organization: Organization, key: ApiKey | None, at: datetime, usd: str, **fields: str
) -> None:
    place = {"project_id": key.project_id, "api_key_id": key.pk} if key else {}
    call = make_event(
        organization, started_at=at, actual_usd=Decimal(usd), buckets=TokenBuckets(30, output=12),
        **place, **fields,
    )  # fmt: skip
    ingest_events(organization=organization, events=[call], at=at)


def found(organization: Organization) -> dict[tuple[str, str | None], Headroom]:
    with tenant_scope(organization):
        rows = headroom(list(limits(organization)), at=AT)
    return {(each.limit.kind, each.limit.window): each for each in rows}


def test_each_window_counts_what_was_spent_in_it(key: ApiKey) -> None:
    for window in ("day", "month", "total"):
        make_limit(key.organization, "budget_usd", window=window, amount=10)
    seen = found(key.organization)
    used = {window: each.used for (_, window), each in seen.items()}
    assert used == {"day": Decimal(9), "month": Decimal(11), "total": Decimal(15)}
    assert seen["budget_usd", "month"].share == Decimal("1.1")
    assert {window: each.resets_at for (_, window), each in seen.items()} == {
        "day": datetime(2026, 3, 16, tzinfo=UTC),
        "month": datetime(2026, 4, 1, tzinfo=UTC),
        "total": None,
    }


def test_rates_are_of_the_last_whole_minute(key: ApiKey) -> None:
    for kind in ("requests_per_minute", "tokens_per_minute", "concurrency"):
        make_limit(key.organization, kind, window=None, amount=84)
    seen = {kind: each.used for (kind, _), each in found(key.organization).items()}
    assert seen == {
        "requests_per_minute": Decimal(1),
        "tokens_per_minute": Decimal(42),
        "concurrency": None,
    }


@pytest.mark.parametrize(
    "subject",
    [
        lambda key: {"project_id": key.project_id},
        lambda key: {"api_key_id": key.pk},
    ],
    ids=["project", "key"],
)
def test_only_calls_of_the_subject_count(
    subject: Callable[[ApiKey], dict[str, Any]], key: ApiKey
) -> None:
    make_limit(key.organization, "budget_usd", window="month", amount=10, **subject(key))
    assert found(key.organization)["budget_usd", "month"].used == Decimal(3)


@pytest.mark.parametrize("count", [1, 3])
def test_a_window_is_read_once(
    count: int, key: ApiKey, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(count):
        project = make_project(key.organization, f"Project {number}")
        make_limit(key.organization, "budget_usd", window="month", project_id=project.pk)
    rows: list[Limit] = list(limits(key.organization))
    # Each query sets the search path before itself.
    with tenant_scope(key.organization), django_assert_num_queries(2):
        assert len(headroom(rows, at=AT)) == count
