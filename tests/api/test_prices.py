"""GET /prices: the catalogue as the organization pays it, in stable pages."""

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.kernel.clock import utc_now
from apps.pricing.selectors import price_book
from apps.tenants.models import Organization
from tests import factories
from tests.api.callers import Caller, by_key

pytestmark = pytest.mark.django_db


@pytest.fixture
def acme() -> Organization:
    return factories.make_organization("Acme")


@pytest.fixture
def call(acme: Organization) -> Caller:
    return by_key(factories.make_api_key(acme).text.value)


def prices(call: Caller, query: str = "") -> list[dict[str, Any]]:
    """The data of one page, after its status."""
    response = call("GET", f"/prices{query}")
    assert response.status_code == 200
    return list(response.json()["data"])


def test_a_price_is_exact_and_says_where_it_stands(call: Caller) -> None:
    [price] = prices(call, "?provider=openai&model=gpt-4o&tier=standard")

    assert price.pop("usd_per_mtok")["cache_read"] == "1.25"
    assert price == {
        "provider": "openai",
        "model": "gpt-4o",
        "tier": "standard",
        "region": "",
        "steps": [],
        "units_usd": {"file_search": "0.0025", "web_search": "0.01"},
        "is_contracted": False,
        "source": "https://developers.openai.com/api/docs/pricing",
        "valid_from": None,
        "valid_to": None,
        "daily": None,
        "version": 0,
    }


def test_steps_of_the_context_are_shown(call: Caller) -> None:
    [price] = prices(call, "?provider=google&model=gemini-2.5-pro&tier=standard")

    assert price["usd_per_mtok"]["input_uncached"] == "1.25"
    [step] = price["steps"]
    assert (step["above_input_tokens"], step["usd_per_mtok"]["input_uncached"]) == (200_000, "2.5")


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("?model=gpt-4o-2024-08-06&tier=batch", {("openai", "gpt-4o", "batch")}),
        ("?provider=azure_openai&model=gpt-4o", {("azure_openai", "gpt-4o", "standard")}),
        ("?provider=vllm", set()),
        ("?model=gpt-nobody-knows", set()),
        ("?tier=cheap", set()),
    ],
)
def test_filters_name_provider_model_and_tier(
    call: Caller, query: str, expected: set[tuple[str, str, str]]
) -> None:
    found = {(p["provider"], p["model"], p["tier"]) for p in prices(call, query)}

    assert found == expected


def test_pages_hold_every_price_once_and_in_order(call: Caller) -> None:
    found: list[tuple[str, str, str, str]] = []
    cursor: str | None = ""
    while cursor is not None:
        page = call("GET", f"/prices?provider=openai&limit=50&cursor={cursor}").json()
        found += [(p["provider"], p["model"], p["tier"], p["region"]) for p in page["data"]]
        cursor = page["next_cursor"]

    listed = [r for r in price_book(utc_now()).rates(utc_now()) if r.provider == "openai"]
    assert found == [(r.provider, r.model, r.tier, r.region) for r in listed]
    assert len(found) > 100


@pytest.mark.parametrize("query", ["?limit=0", "?cursor=forged", "?limit=many"])
def test_a_page_that_we_did_not_offer_is_refused(call: Caller, query: str) -> None:
    assert call("GET", f"/prices{query}").status_code == 400


def test_contracted_prices_are_shown_to_their_organization_alone(
    acme: Organization, call: Caller
) -> None:
    other = factories.make_organization("Acme")
    factories.make_contracted_rate(acme)
    terms = {"per_mtok": {"input_uncached": "0.01"}}
    factories.make_contracted_rate(other, provider="vllm", model="secret", terms=terms)
    query = "?provider=openai&model=gpt-4o&tier=standard"

    [ours] = prices(call, query)
    [theirs] = prices(by_key(factories.make_api_key(other).text.value), query)
    assert (ours["is_contracted"], ours["source"]) == (True, "MSA 7")
    assert [each["usd_per_mtok"]["output"] for each in (ours, theirs)] == ["5", "10"]
    assert prices(call, "?provider=vllm") == []
    assert ours["version"] == theirs["version"] == 3


def test_a_page_asks_as_many_queries_with_three_contracts_as_with_one(
    acme: Organization, call: Caller
) -> None:
    counts = []
    for number in range(3):
        factories.make_contracted_rate(acme, provider="vllm", model=f"model-{number}")
        call("GET", "/prices")
        with CaptureQueriesContext(connection) as queries:
            call("GET", "/prices")
        counts.append(len(queries))

    assert counts == [counts[0]] * 3
