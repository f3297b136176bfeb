"""Rows of an export without a database, and a price book that explains what they cost."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from hypothesis import strategies as st

from apps.kernel.tokens import BUCKETS, TokenBuckets
from apps.pricing.rates import PriceBook, cost_usd
from apps.usage.charges import Books
from apps.usage.exports.columns import COLUMNS, Row

ACME, OTHER, PROJECT = UUID(int=1), UUID(int=2), UUID(int=7)
AT = datetime(2026, 3, 15, 12, tzinfo=UTC)
VERSION = 3
_PRICES = {"input_uncached": "2.5", "cache_read": "0.123457", "output": "10", "reasoning": "12.3"}
_DEAR = {name: str(2 * Decimal(price)) for name, price in _PRICES.items()}
CATALOGUE = {
    "edition": "2026-03-01",
    "source": "test",
    "providers": {
        "openai": {
            "source": "https://openai.test",
            "models": [
                {
                    "id": "gpt",
                    "rates": [
                        {
                            "per_mtok": _PRICES,
                            "units": {"web_search": "0.01", "request": "0.002"},
                            "steps": [{"above": 200_000, "per_mtok": _DEAR}],
                        },
                        {"tier": "batch", "per_mtok": {"input_uncached": "1.25", "output": "5"}},
                    ],
                }
            ],
        }
    },
}
DISCOUNT = {
    "organization": str(ACME), "provider": "openai", "model": "gpt", "tier": "*", "region": "*",
    "discount": "0.25", "source": "MSA", "from": "2026-01-01T00:00:00+00:00", "to": None,
}  # fmt: skip


def book(*, is_contracted: bool) -> PriceBook:
    contracts = [DISCOUNT] if is_contracted else []
    return PriceBook.from_catalogue(CATALOGUE, version=VERSION, contracts=contracts)


def books(*, is_contracted: bool = False) -> Books:
    """What the export of ACME looks prices up in."""
    return Books(ACME, {VERSION: book(is_contracted=is_contracted)})


def row(**fields: Any) -> Row:
    """A row of COLUMNS: a call of model gpt at AT, unless said otherwise."""
    known: dict[str, Any] = dict.fromkeys(COLUMNS)
    known |= dict.fromkeys(BUCKETS, 0)
    known |= {
        "id": UUID(int=9), "started_at": AT, "recorded_at": AT, "kind": "live",
        "project_id": PROJECT, "tags": {}, "endpoint": "chat.completions", "dialect": "openai",
        "provider": "openai", "served_model": "gpt", "is_stream": False, "outcome": "success",
        "is_estimated": False, "units": {}, "decomposition": {}, "price_version": VERSION,
        "request_bytes": 0, "response_bytes": 0, "client_retry_count": 0, "is_triggered": False,
        "decisions": [], "attempts": [],
    }  # fmt: skip
    return tuple({**known, **fields}[name] for name in COLUMNS)


def priced(
    buckets: TokenBuckets, units: dict[str, int], tier: str, *, is_contracted: bool
) -> Decimal:
    """What that call costs ACME by the book."""
    own = book(is_contracted=is_contracted).for_organization(str(ACME))
    rate = own.rate("openai", "gpt", tier, "", AT)
    assert rate
    return cost_usd(buckets, rate, units)


_amounts = st.decimals(min_value=0, max_value=10**6, places=18)
_counts = st.integers(0, 10**9)
_tags = st.dictionaries(st.sampled_from(["team", "=cmd"]), st.text(max_size=5), max_size=2)


@st.composite
def rows(draw: st.DrawFn, *, is_contracted: bool = False) -> list[Row]:
    """Rows in the order of time: by the book, at a cost of their own, free, and unpriced."""
    made = [draw(_row(is_contracted)) for _ in range(draw(st.integers(0, 12)))]
    return sorted(made, key=lambda each: each[1])


@st.composite
def _row(draw: st.DrawFn, is_contracted: bool) -> Row:
    tier = draw(st.sampled_from(["standard", "batch"]))
    names = ("input_uncached", "output") if tier == "batch" else tuple(_PRICES)
    buckets = TokenBuckets(**{name: draw(_counts) for name in names})
    units = {"web_search": draw(st.integers(0, 9))} if tier == "standard" else {}
    by_book = priced(buckets, units, tier, is_contracted=is_contracted)
    return row(
        **{name: getattr(buckets, name) for name in BUCKETS},
        id=draw(st.uuids()),
        started_at=AT + timedelta(minutes=draw(st.integers(0, 300))),
        api_key_id=draw(st.sampled_from([None, UUID(int=3)])),
        end_user=draw(st.none() | st.text(max_size=8)),
        tags=draw(_tags),
        units=units,
        actual_usd=draw(st.sampled_from([by_book, None, Decimal(0)]) | _amounts),
    )
