import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.kernel.tokens import TokenBuckets
from apps.pricing.rates import Model, PriceBook, Rate, cost_usd
from apps.pricing.rates import book as book_module

AT = datetime(2026, 11, 21, 12, tzinfo=UTC)
ONE = TokenBuckets(input_uncached=1_000_000)


def priced(usd: str, **terms: Any) -> dict[str, Any]:
    return {"per_mtok": {"input_uncached": usd, "output": usd}, **terms}


CATALOGUE: dict[str, Any] = {
    "providers": {
        "openai": {
            "source": "https://openai.test/pricing",
            "models": [
                {
                    "id": "gpt-4o",
                    "names": ["gpt-4o-2024-08-06"],
                    "match": {"starts_with": "gpt-4o-2024"},
                    "context_window": 128_000,
                    "max_output_tokens": 16_384,
                    "regions": {"eu": "1.1"},
                    "rates": [priced("10"), priced("5", tier="batch", **{"from": "2026-10-14"})],
                },
                {"id": "gpt-4o-2024-05-13", "rates": [priced("20")]},
                {"id": "gpt-5.2", "names": ["gpt-5.2-2025-12-11"], "rates": [priced("3")]},
                {"id": "unpriced", "rates": []},
                {
                    "id": "dated",
                    "rates": [
                        priced("1", to="2026-06-01"),
                        priced("2", **{"from": "2026-06-01"}),
                        priced("4", **{"from": "2026-06-01"}, daily=["01:00", "04:00"]),
                    ],
                },
            ],
        },
        "azure_openai": {
            "source": "https://azure.test/pricing",
            "fallback": ["openai"],
            "models": [{"id": "phi-4", "rates": [priced("1")]}],
        },
    }
}


def contract(organization: str = "acme", **terms: Any) -> dict[str, Any]:
    return {"organization": organization, "provider": "openai", "source": "contract", **terms}


def make_book(*contracts: dict[str, Any]) -> PriceBook:
    return PriceBook.from_catalogue(CATALOGUE, version=7, contracts=contracts)


def usd(
    book: PriceBook,
    model: str = "gpt-4o",
    tier: str = "standard",
    region: str = "",
    at: datetime = AT,
    provider: str = "openai",
) -> Decimal | None:
    """What a million input tokens cost; None when unpriced."""
    rate = book.rate(provider, model, tier, region, at)
    return cost_usd(ONE, rate) if rate else None


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("gpt-4o", 10),
        ("GPT-4o", 10),
        ("gpt-4o-2024-08-06", 10),
        ("gpt-4o-2024-11-20", 10),
        ("gpt-4o-2024-05-13", 20),
        ("gpt-5.2-20251211", 3),
        ("gpt-4o-mini", None),
        ("unpriced", None),
        ("gpt-4o-2024" * 40, None),
    ],
)
def test_names_are_matched_exactly_first_then_by_rule(name: str, expected: int | None) -> None:
    assert usd(make_book(), name) == expected


def test_what_is_not_in_the_book_is_unpriced() -> None:
    book = make_book()

    assert usd(book, provider="vllm", model="llama") is None
    assert usd(book, tier="priority") is None
    assert book.model("vllm", "llama") is None


def test_a_model_carries_its_bounds() -> None:
    book = make_book()

    assert book.model("openai", "gpt-4o-2024-08-06") == Model("openai", "gpt-4o", 128_000, 16_384)
    assert book.model("openai", "unpriced") == Model("openai", "unpriced", None, None)


def test_a_price_changes_at_the_instant_its_period_ends() -> None:
    book, june = make_book(), datetime(2026, 6, 1, tzinfo=UTC)
    moment = timedelta(microseconds=1)

    assert usd(book, "dated", at=june - moment) == 1
    assert usd(book, "dated", at=june) == 2
    assert usd(book, tier="batch", at=datetime(2026, 10, 14, tzinfo=UTC) - moment) is None
    assert usd(book, tier="batch", at=datetime(2026, 10, 14, tzinfo=UTC)) == 5


def test_hours_of_the_day_beat_the_day() -> None:
    book = make_book()

    assert [usd(book, "dated", at=AT.replace(hour=hour)) for hour in (0, 1, 3, 4)] == [2, 4, 4, 2]
    assert usd(book, "dated", at=datetime(2026, 5, 1, 2, tzinfo=UTC)) == 1


def test_a_region_costs_its_multiple_and_an_unknown_one_the_list_price() -> None:
    book = make_book()

    assert usd(book, region="eu") == 11
    assert usd(book, tier="batch", region="eu") == Decimal("5.5")
    assert usd(book, region="mars") == 10


def test_a_fallback_prices_the_standard_tier_only() -> None:
    book = make_book()

    assert usd(book, provider="azure_openai") == 10
    assert usd(book, provider="azure_openai", tier="batch") is None
    assert usd(book, provider="azure_openai", model="phi-4") == 1
    rate = book.rate("azure_openai", "gpt-4o", "standard", "", AT)
    assert rate
    assert (rate.provider, rate.source) == ("azure_openai", "https://openai.test/pricing")


def test_a_contract_beats_the_catalogue_for_its_organization_alone() -> None:
    book = make_book(contract(model="gpt-4o", **priced("7")), contract("globex", discount="0.5"))

    assert usd(book) == 10
    assert usd(book.for_organization("acme")) == 7
    assert usd(book.for_organization("globex")) == 5
    assert usd(book.for_organization("initech")) == 10
    assert usd(book.for_organization("acme").for_organization("globex")) == 7
    assert "globex" not in json.dumps(book.for_organization("acme").to_dict())
    assert book.for_organization("acme") is book.for_organization("acme")


def test_a_contract_holds_in_its_period_and_the_list_outside_it() -> None:
    terms = priced("7", to="2026-12-01", **{"from": "2026-11-01"})
    book = make_book(contract(model="gpt-4o", **terms)).for_organization("acme")

    days = [datetime(2026, *day, tzinfo=UTC) for day in ((10, 31), (11, 1), (11, 30), (12, 1))]
    assert [usd(book, at=at) for at in days] == [10, 7, 7, 10]


def test_a_contract_covers_the_aliases_of_its_model_in_every_tier_it_does_not_name() -> None:
    book = make_book(contract(model="gpt-4o", **priced("7"))).for_organization("acme")
    standard = make_book(contract(model="gpt-4o", tier="standard", **priced("7")))

    assert usd(book, "gpt-4o-2024-08-06") == usd(book, tier="batch") == 7
    assert usd(standard.for_organization("acme"), tier="batch") == 5
    assert usd(book, "gpt-4o-2024-05-13") == 20


def test_the_more_specific_contract_wins_then_the_later_one() -> None:
    book = make_book(
        contract(model="gpt-4o", **priced("7")),
        contract(model="gpt-4o", **priced("6")),
        contract(discount="0.2"),
    ).for_organization("acme")

    assert usd(book) == 6
    assert usd(book, "gpt-5.2") == Decimal("2.4")


def test_a_discount_takes_its_share_of_everything_listed_while_both_hold() -> None:
    book = make_book(contract(discount="0.25", **{"from": "2026-06-15"})).for_organization("acme")

    assert usd(book, "dated", at=datetime(2026, 6, 10, tzinfo=UTC)) == 2
    assert usd(book, "dated", at=datetime(2026, 6, 20, 12, tzinfo=UTC)) == Decimal("1.5")
    assert usd(book, "dated", at=datetime(2026, 6, 20, 2, tzinfo=UTC)) == 3
    assert usd(book, "unpriced") is None


def test_a_self_hosted_model_is_priced_by_contract() -> None:
    own = contract(provider="vllm", model="llama", **priced("0.4"))
    book = make_book(own).for_organization("acme")

    assert usd(book, provider="vllm", model="llama") == Decimal("0.4")
    assert usd(book, provider="vllm", model="other") is None
    assert [r.model for r in book.rates(AT) if r.provider == "vllm"] == ["llama"]


def test_all_rates_in_force_are_listed_in_order() -> None:
    listed = [(r.model, r.tier, r.region) for r in make_book().rates(AT) if r.provider == "openai"]

    assert listed == [
        ("dated", "standard", ""),
        ("gpt-4o", "batch", ""),
        ("gpt-4o", "batch", "eu"),
        ("gpt-4o", "standard", ""),
        ("gpt-4o", "standard", "eu"),
        ("gpt-4o-2024-05-13", "standard", ""),
        ("gpt-5.2", "standard", ""),
    ]


def test_a_book_travels_as_json() -> None:
    book = make_book(contract(discount="0.5"), contract("globex", model="gpt-4o", **priced("1")))
    copy = PriceBook.from_dict(json.loads(json.dumps(book.to_dict())))

    assert copy.version == book.version == 7
    assert copy.to_dict() == book.to_dict()
    for organization in ("acme", "globex", "initech"):
        ours, theirs = book.for_organization(organization), copy.for_organization(organization)
        assert list(theirs.rates(AT)) == list(ours.rates(AT))


def test_names_that_callers_invent_do_not_fill_the_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(book_module, "REMEMBERED", 10)
    book = make_book()
    for number in range(100):
        assert usd(book, f"invented-{number}") is None

    assert len(book._schedules) <= 10
    assert usd(book) == 10


INSTANTS = st.integers(0, 10**8).map(lambda s: datetime(2025, 1, 1, tzinfo=UTC) + timedelta(0, s))


@given(INSTANTS, st.lists(st.tuples(INSTANTS, INSTANTS, st.integers(1, 9)), max_size=4))
def test_the_overlay_wins_exactly_where_it_holds(
    at: datetime, periods: list[tuple[datetime, datetime, int]]
) -> None:
    contracts = [
        contract(model="gpt-4o", **priced(str(usd)), **{"from": f.isoformat()}, to=t.isoformat())
        for f, t, usd in periods
    ]
    book = make_book(*contracts).for_organization("acme")
    held = [price for start, end, price in periods if start <= at < end]

    assert usd(book, at=at) == (held[-1] if held else 10)


def test_a_rate_says_where_it_comes_from() -> None:
    book = make_book(contract(model="gpt-4o", **priced("7")))
    listed = book.rate("openai", "gpt-4o-2024-08-06", "standard", "", AT)
    own = book.for_organization("acme").rate("openai", "gpt-4o", "standard", "", AT)

    assert isinstance(listed, Rate)
    assert isinstance(own, Rate)
    assert (listed.model, listed.source) == ("gpt-4o", "https://openai.test/pricing")
    assert (own.is_contracted, own.source) == (True, "contract")
