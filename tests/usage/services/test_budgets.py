from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.kernel.events import Alert
from apps.kernel.ids import uuid7
from apps.notices.models import Notice
from apps.proxy.limits.rules import window_of
from apps.tenants.access import Limit as LimitAccess
from apps.tenants.models import Organization
from apps.usage.services.budgets import tell_of_budgets, window_bounds
from apps.usage.services.ingestion import ingest_events
from tests.factories import make_limit, make_organization
from tests.usage.calls import AT, PROJECT, make_event

pytestmark = pytest.mark.django_db
FRACTIONS = (Decimal("0.5"), Decimal("0.8"))


@pytest.fixture
def acme() -> Organization:
    return make_organization("Acme")


def spend(organization: Organization, usd: str, **fields: Any) -> None:
    call = make_event(organization, actual_usd=Decimal(usd), is_priced=True, **fields)
    ingest_events(organization=organization, events=[call], at=AT)


def told() -> list[tuple[str, str, str]]:
    return sorted(
        (row.payload["window"], row.payload["fraction"], row.payload["spent_usd"])
        for row in Notice.objects.all()
    )


def test_what_no_call_was_left_to_tell_is_told_once(acme: Organization) -> None:
    other = make_organization("Acme")
    for organization in (acme, other):
        for window in ("day", "month", "total"):
            make_limit(organization, "budget_usd", 10, window=window, alert_fractions=FRACTIONS)
    spend(acme, "5")
    spend(acme, "2", started_at=datetime(2026, 3, 1, tzinfo=UTC))
    spend(acme, "2", started_at=datetime(2026, 2, 28, 23, 59, 59, tzinfo=UTC))
    spend(acme, "9", kind="import")
    spend(other, "4.99")
    later = AT.replace(hour=13)
    assert tell_of_budgets(organization=acme, at=later) == 4
    assert tell_of_budgets(organization=acme, at=later) == 0
    assert tell_of_budgets(organization=other, at=later) == 0
    assert told() == [
        ("202603", "0.5", "7"),
        ("20260315", "0.5", "5"),
        ("total", "0.5", "9"),
        ("total", "0.8", "9"),
    ]


def test_what_the_gateway_told_is_not_told_again(acme: Organization) -> None:
    row = make_limit(acme, "budget_usd", 10, window="month", alert_fractions=FRACTIONS)
    alert = Alert(row.pk, Decimal("0.5"), "202603", Decimal(10), Decimal("5.5"))
    spend(acme, "6", alerts=(alert,))
    assert tell_of_budgets(organization=acme, at=AT.replace(hour=13)) == 0
    assert told() == [("202603", "0.5", "5.5")]


def test_a_budget_of_a_project_counts_its_calls_alone(acme: Organization) -> None:
    project = acme.projects.get().pk
    make_limit(acme, "budget_usd", 10, window="day", project_id=project, alert_fractions=FRACTIONS)
    spend(acme, "9", project_id=PROJECT)
    spend(acme, "6", project_id=project)
    assert tell_of_budgets(organization=acme, at=AT.replace(hour=13)) == 1
    assert told() == [("20260315", "0.5", "6")]


@given(
    at=st.integers(0, 4 * 10**9).map(lambda seconds: datetime.fromtimestamp(seconds, UTC)),
    window=st.sampled_from(["day", "month", "total"]),
)
def test_windows_are_those_of_the_gateway(at: datetime, window: Any) -> None:
    limit = LimitAccess(uuid7(), "organization", uuid7(), "budget_usd", Decimal(1), window=window)
    theirs, (name, start) = window_of(limit, at), window_bounds(window, at)
    assert name == theirs.name
    assert window == "total" or start.timestamp() == theirs.start_s
