"""The calls of a period's units, as whoever proves what was saved reads them."""

from datetime import timedelta
from typing import Any

import pytest

from apps.kernel.events import Event
from apps.kernel.ids import uuid7
from apps.tenants.context import tenant_scope
from apps.tenants.models import Organization
from apps.usage.selectors import (
    comparison_events,
    comparison_times,
    unit_ends,
    unit_events,
)
from tests.factories import make_organization
from tests.usage.calls import AT
from tests.usage.repricings import call, publish_versions, reprice, store

pytestmark = pytest.mark.django_db
PERIOD = uuid7()
HOUR = timedelta(hours=1)


@pytest.fixture
def acme() -> Organization:
    publish_versions()
    return make_organization("Acme")


def of_unit(organization: Organization, unit: str | None, hours: int = 0, **more: Any) -> Event:
    known: dict[str, Any] = {"period_id": PERIOD, "unit": unit, "started_at": AT + hours * HOUR}
    return call(organization, "2", **known | more)


def test_units_are_told_with_their_last_call_and_calls_by_unit_then_time(
    acme: Organization,
) -> None:
    other = make_organization("Acme")
    late, early = of_unit(acme, "b", 2), of_unit(acme, "b", 1, kind="batch")
    first, elsewhere = of_unit(acme, "a"), of_unit(acme, "a", period_id=uuid7())
    left_out = of_unit(acme, "a", kind="shadow"), of_unit(acme, None), of_unit(acme, "c", 3)
    store(acme, late, early, first, elsewhere, *left_out)
    store(other, of_unit(other, "a", 5))
    with tenant_scope(acme):
        assert list(unit_ends(PERIOD)) == [("a", AT), ("b", AT + 2 * HOUR), ("c", AT + 3 * HOUR)]
        told = [each["id"] for each in unit_events(PERIOD, ["b", "a"])]
    assert told == [first.event_id, early.event_id, late.event_id]


def test_calls_are_told_at_the_prices_of_when_they_passed(acme: Organization) -> None:
    store(acme, of_unit(acme, "a"))
    assert reprice(acme).adjusted == 1
    with tenant_scope(acme):
        [told] = unit_events(PERIOD, ["a"])
    assert (told["actual_usd"], told["price_version"]) == (2, 1)


def test_comparisons_made_while_a_period_ran_are_told_apart_from_its_units(
    acme: Organization,
) -> None:
    other = make_organization("Acme")
    shadow, judge = of_unit(acme, None, 2, kind="shadow"), of_unit(acme, None, 1, kind="judge")
    left_out = of_unit(acme, "a"), of_unit(acme, None, kind="judge", period_id=uuid7())
    store(acme, shadow, judge, *left_out)
    store(other, of_unit(other, None, kind="judge"))
    with tenant_scope(acme):
        found = list(comparison_times(PERIOD, until=AT + 2 * HOUR))
        told = comparison_events(PERIOD, [shadow.event_id, judge.event_id, left_out[0].event_id])
        assert [each["id"] for each in told] == [judge.event_id, shadow.event_id]
        assert list(unit_ends(PERIOD)) == [("a", AT)]
    assert found == [(judge.event_id, AT + HOUR)]
