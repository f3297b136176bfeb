from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from apps.kernel.clock import utc_now
from apps.tenants.context import tenant_scope
from apps.tenants.models import Organization
from apps.usage.ledger.models import Discrepancy, OrganizationDay
from apps.usage.ledger.selectors import open_discrepancies
from apps.usage.services.checking import check_usage
from apps.usage.services.ingestion import ingest_events
from apps.usage.tasks import check_usage as check_usage_of_all
from tests.factories import make_organization
from tests.usage.calls import AT, PROJECT, make_event

pytestmark = pytest.mark.django_db
MARCH = date(2026, 3, 1)


@pytest.fixture
def acme() -> Organization:
    acme = make_organization("Acme")
    calls = [
        make_event(acme, actual_usd=Decimal("0.1"), started_at=AT - timedelta(days=days))
        for days in range(40)
    ]
    ingest_events(organization=acme, events=calls, at=AT)
    return acme


def spoil(organization: Organization, statement: str) -> None:
    with tenant_scope(organization), connection.cursor() as cursor:
        cursor.execute(statement)


def found(organization: Organization) -> list[tuple[date, object, str]]:
    with tenant_scope(organization):
        differences = check_usage(organization=organization, months=2, at=AT)
    return [(each.period, each.project_id, each.unit) for each in differences]


def test_what_was_ingested_is_the_same_everywhere(acme: Organization) -> None:
    assert found(acme) == []
    assert check_usage_of_all() == 0
    call_command("check_usage", organization=acme.slug)
    with pytest.raises(CommandError, match="There is no organization of that name"):
        call_command("check_usage", organization="acmee")


def test_a_rollup_that_is_wrong_in_the_last_place_is_found_and_resolved(
    acme: Organization,
) -> None:
    other = make_organization("Other")
    change = (
        "UPDATE usage_rollup SET actual_usd = actual_usd {} 1e-18"
        " WHERE grain = 60 AND bucket_at = '{}'"
    )
    spoil(acme, change.format("+", AT))
    assert found(acme) == [(MARCH, PROJECT, "usd")]
    assert found(acme) == [(MARCH, PROJECT, "usd")]
    assert found(other) == []
    row = open_discrepancies().get()
    assert (row.organization_id, row.places["rollups of 60 minutes"]) == (
        acme.pk, "1.500000000000000001",
    )  # fmt: skip
    assert {value for place, value in row.places.items() if place != "rollups of 60 minutes"} == {
        "1.500000000000000000"
    }
    spoil(acme, change.format("-", AT))
    assert found(acme) == []
    assert not open_discrepancies().exists()
    assert Discrepancy.objects.get().resolved_at == AT


def test_an_event_that_vanished_and_a_day_that_is_wrong_are_found(acme: Organization) -> None:
    spoil(acme, f"DELETE FROM usage_event WHERE started_at = '{AT}'")  # noqa: S608
    OrganizationDay.objects.filter(organization_id=acme.pk, date=AT.date()).delete()
    assert found(acme) == [(MARCH, PROJECT, "calls"), (MARCH, PROJECT, "usd")]
    OrganizationDay.objects.filter(organization_id=acme.pk, date=MARCH).delete()
    assert found(acme)[2:] == [(MARCH, None, "calls"), (MARCH, None, "usd")]


def test_the_command_fails_where_figures_differ(acme: Organization) -> None:
    ingest_events(organization=acme, events=[make_event(acme, started_at=utc_now())], at=utc_now())
    spoil(acme, "UPDATE usage_rollup SET calls = calls + 1 WHERE grain = 1440")
    with pytest.raises(CommandError, match="figures differ"):
        call_command("check_usage", organization=acme.slug)
    assert check_usage_of_all() > 0
