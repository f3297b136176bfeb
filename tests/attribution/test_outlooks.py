"""The forecast of an organization rests on its own days, and says so where they are too few."""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client

from apps.attribution.selectors import Forecast, forecast
from apps.kernel.clock import utc_now
from apps.tenants.context import tenant_scope
from apps.tenants.models import Organization
from apps.tenants.permissions import KEY_SCOPES
from apps.usage.services.ingestion import ingest_events
from tests.api.callers import by_key
from tests.factories import make_api_key, make_organization, make_user
from tests.usage.calls import make_event

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


def spend(organization: Organization, days: int, paid: str, saved: str = "0") -> None:
    """One call at noon of each of the last whole days."""
    noon = utc_now().replace(hour=12, minute=0, second=0, microsecond=0)
    known: dict[str, Any] = {
        "actual_usd": Decimal(paid),
        "counterfactual_usd": Decimal(paid) + Decimal(saved),
        "is_priced": True,
        "decomposition": {"exact_cache": Decimal(saved)},
    }
    events = [make_event(organization, started_at=noon - n * DAY, **known) for n in range(1, days)]
    ingest_events(organization=organization, events=events, at=utc_now())


def on_plan(organization: Organization, code: str, **prices: str) -> None:
    for name, value in {"plan": code, **prices}.items():
        organization.entitlements.filter(code=name).delete()
        organization.entitlements.create(code=name, value=value, valid_from=utc_now() - DAY)


def seen(organization: Organization, at: datetime | None = None) -> Forecast:
    with tenant_scope(organization):
        return forecast(organization, at=at or utc_now())


def test_spend_saving_and_return_follow_from_the_organizations_own_days() -> None:
    acme, globex = make_organization("Acme"), make_organization("Globex")
    on_plan(acme, "early")
    spend(acme, 41, "80", "20")
    spend(globex, 41, "1")
    found = seen(acme)
    assert (len(found.days.spend), found.days.missing, len(found.months)) == (40, 0, 3)
    [own] = [each for each in found.plans if each.is_own]
    known = own.plan_return
    assert known is not None
    assert own.plan.code == "early"
    assert float(known.saved.expected) == pytest.approx(600, rel=0.02)
    # 2 % of 2,400 is 48, less than 99; a fifth of 600 is 120.
    assert float(known.net.expected) == pytest.approx(600 - 48 - 120, rel=0.03)
    assert found.headline.startswith("Netra will save you $4")
    second = found.months[1]
    length = (found.months[2].month - second.month).days
    assert float(second.spend.expected) == pytest.approx(80 * length, rel=0.03)
    assert found.proven_share is None
    theirs = seen(globex)
    assert not theirs.has_saving
    assert "Nothing was saved" in theirs.headline
    assert float(theirs.months[1].spend.expected) < 40


def test_the_month_at_hand_holds_what_is_known_of_it() -> None:
    acme = make_organization()
    spend(acme, 61, "10")
    found = seen(acme)
    past = (found.days.last + DAY - found.months[0].month).days
    assert found.months[0].known_spend_usd == Decimal(10 * max(past, 0))


def test_too_few_days_are_said_and_how_many_are_needed() -> None:
    acme = make_organization()
    assert seen(acme).days.missing == 28
    spend(acme, 11, "80", "20")
    found = seen(acme)
    assert (found.days.missing, found.months, found.plans) == (18, (), ())
    assert found.headline == (
        "There are 10 whole days since your first call. "
        "18 more are needed before anything can be said of a month."
    )


def test_a_price_that_was_agreed_is_the_one_that_counts() -> None:
    acme = make_organization()
    spend(acme, 41, "80", "20")
    on_plan(acme, "enterprise")
    assert "not known here" in seen(acme).headline
    on_plan(acme, "enterprise", price_spend_share="0.1", price_savings_share="0")
    [own] = [each for each in seen(acme).plans if each.is_own]
    assert own.plan_return is not None
    assert float(own.plan_return.subscription.expected) == pytest.approx(240, rel=0.02)
    assert own.plan_return.fee.expected == 0


def test_a_plan_that_costs_more_than_it_saves_is_called_so() -> None:
    acme = make_organization()
    spend(acme, 41, "1000", "1")
    on_plan(acme, "mid")
    assert "would cost you" in seen(acme).headline


def test_programs_and_people_read_the_same(client: Client) -> None:
    owner = make_user()
    acme = make_organization("Acme", owner)
    on_plan(acme, "early")
    spend(acme, 41, "80", "20")
    call = by_key(make_api_key(acme, KEY_SCOPES).text.value)
    found = call("GET", "/forecast").json()
    assert (found["is_estimate"], found["missing_days"], len(found["months"])) == (True, 0, 3)
    own = next(each for each in found["plans"] if each["is_own"])
    assert (
        own["plan_return"]["net"]["expected"]
        == f"{Decimal(own['plan_return']['net']['expected']):.2f}"
    )
    client.force_login(owner)
    page = client.get(f"/o/{acme.slug}/forecast/").content.decode()
    assert found["headline"] in page
    assert "Early (yours)" in page
