"""The shipped catalogue: well formed, faithful to its source, and held against a second one."""

import json
from collections import Counter
from datetime import UTC, datetime
from decimal import Decimal
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from genai_prices import Usage
from genai_prices import types as theirs
from genai_prices.data import providers

from apps.kernel.tokens import TokenBuckets
from apps.pricing.catalogue import shipped_catalogue
from apps.pricing.management.commands.import_catalogue import PROVIDERS, SUPPLEMENT, built
from apps.pricing.management.conversion import UnknownPrice, converted
from apps.pricing.rates import TIERS, PriceBook, Rate, cost_usd

AT = datetime(2026, 11, 21, 12, tzinfo=UTC)
CATALOGUE = shipped_catalogue()
BOOK = PriceBook.from_catalogue(CATALOGUE)
SECOND = json.loads((Path(__file__).parent / "second_source.json").read_text())
MODELS = [
    (name, model) for name, entry in CATALOGUE["providers"].items() for model in entry["models"]
]
SUPPLEMENTED = json.loads(SUPPLEMENT.read_text())["providers"]
BY_ID = {provider.id: provider for provider in providers}


def test_every_provider_of_the_gateway_has_prices_with_their_source() -> None:
    counts = Counter(rate.provider for rate in BOOK.rates(AT))

    assert set(counts) == set(PROVIDERS)
    assert all(count >= 8 for count in counts.values())
    assert {rate.source.partition(":")[0] for rate in BOOK.rates(AT)} == {"https"}


def test_every_rate_of_every_time_and_tier_can_be_built() -> None:
    tiers = {tier for tier in TIERS for p, m in MODELS if BOOK._listed(p, m["id"], tier, "")}

    assert tiers == set(TIERS)


def test_no_two_models_of_a_provider_share_an_id() -> None:
    assert [
        key for key, n in Counter((p, m["id"].lower()) for p, m in MODELS).items() if n > 1
    ] == []


def test_no_price_is_zero_but_for_gifts() -> None:
    free = {
        (rate.provider, rate.model)
        for rate in BOOK.rates(AT)
        if 0 in rate.prices.by_bucket.values() and ":free" not in rate.model
    }

    gifts = {(p, model) for p, extra in SUPPLEMENTED.items() for model in extra.get("free", ())}
    assert free == gifts


def test_the_shipped_files_are_what_the_command_writes() -> None:
    fresh = built(CATALOGUE["edition"], json.loads(SUPPLEMENT.read_text()))

    assert fresh == CATALOGUE


def expected_usd(model: theirs.ModelInfo, provider: theirs.Provider, usage: Usage) -> Decimal:
    return model.calc_price(usage, provider, genai_request_timestamp=AT).total_price


@pytest.mark.parametrize("long", [False, True])
def test_calls_cost_what_the_source_itself_calculates(long: bool) -> None:
    scale = 10_000 if long else 1
    buckets = TokenBuckets(
        input_uncached=70 * scale, cache_read=20 * scale, cache_write_5m=10 * scale, output=30
    )
    usage = Usage(
        input_tokens=100 * scale,
        cache_read_tokens=20 * scale,
        cache_write_tokens=10 * scale,
        output_tokens=30,
    )
    differing = {}
    for ours, name in PROVIDERS.items():
        replaced = {model["id"] for model in SUPPLEMENTED.get(ours, {}).get("models", ())}
        for model in BY_ID[name].models:
            rate = BOOK.rate(ours, model.id, "standard", "", AT)
            if rate is None or rate.prices.output is None or model.id in replaced:
                continue
            wanted = expected_usd(model, BY_ID[name], usage)
            # Lists state a few prices in periodic thirds; ours end at 18 places.
            if abs(cost_usd(buckets, rate) - wanted) > Decimal("1e-11"):
                differing[ours, model.id] = (cost_usd(buckets, rate), wanted)

    assert differing == {}


def test_names_mean_the_same_model_as_in_the_source() -> None:
    differing = []
    for ours, name in PROVIDERS.items():
        for model in CATALOGUE["providers"][ours]["models"]:
            for called in (model["id"], *model.get("names", ())):
                wanted = BY_ID[name].find_model(called)
                found = BOOK.model(ours, called)
                if wanted and found and wanted.id != found.id and wanted.is_match(called):
                    differing.append((ours, called, found.id, wanted.id))

    assert differing == []


def ours_usd(provider: str, model: str, tier: str, bucket: str, above: int) -> Decimal | None:
    rate = BOOK.rate(provider, model, tier, "", datetime.fromisoformat(SECOND["as_of"]))
    return _per_mtok(rate, bucket, above) if rate else None


def _per_mtok(rate: Rate, bucket: str, above: int) -> Decimal:
    prices = rate.prices
    for step in rate.steps:
        prices = step.prices if step.above <= above else prices
    price: Decimal = getattr(prices, bucket)
    return price * 1_000_000


def test_a_second_source_states_the_same_prices_but_where_we_know_why_not() -> None:
    differing = {
        (*where, Decimal(stated), ours_usd(*where))
        for *where, stated, reason in SECOND["facts"]
        if (ours_usd(*where) != Decimal(stated)) != bool(reason)
    }

    assert differing == set()
    assert len(SECOND["facts"]) >= 500
    assert sum(bool(fact[-1]) for fact in SECOND["facts"]) <= 30


def test_a_price_without_a_place_stops_the_import() -> None:
    strange: Any = theirs.ModelPrice(input_gpixels=Decimal(1))
    model = theirs.ModelInfo(id="new", match=theirs.ClauseEquals("new"), prices=strange)

    with pytest.raises(UnknownPrice, match="input_gpixels"):
        converted(model, is_free=False)


@pytest.mark.parametrize(
    ("provider", "model", "context_window", "max_output_tokens"),
    [
        ("openai", "gpt-4o-2024-08-06", 128_000, 16_384),
        ("anthropic", "claude-opus-5-5", 1_000_000, 128_000),
        ("google", "gemini-2.5-pro", 1_048_576, 65_536),
        ("azure_openai", "gpt-4o", 128_000, 16_384),
    ],
)
def test_big_models_carry_their_bounds(
    provider: str, model: str, context_window: int, max_output_tokens: int
) -> None:
    found = BOOK.model(provider, model)

    assert found
    assert (found.context_window, found.max_output_tokens) == (context_window, max_output_tokens)


def test_the_command_writes_the_catalogue_of_the_day_it_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("apps.pricing.catalogue.FOLDER", tmp_path)
    out = StringIO()
    call_command("import_catalogue", "2026-12-24", stdout=out)

    assert shipped_catalogue() == CATALOGUE | {"edition": "2026-12-24"}
    assert out.getvalue().endswith("providers, edition 2026-12-24\n")
