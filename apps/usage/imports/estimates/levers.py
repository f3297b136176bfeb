"""What each lever would see in a call: the first look before anything is routed or proven.

Shares of routing: research of certified routers, 16 % of the cost at most one point of quality
lost, 32 % at parity for the best published one (LLMRouterBench, arXiv 2601.07206).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from uuid import UUID

from apps.pricing.rates import Rate, Unpriced, cost_usd
from apps.usage.imports.estimates.content import (
    LEAST_CACHED_TOKENS,
    LEAST_CHARACTERS,
    MOST_CHARACTERS,
    Hasher,
)
from apps.usage.imports.formats import Record
from apps.usage.imports.prices import Prices

EXACT_CACHE, PROMPT_CACHE, ROUTING, BATCH = "exact_cache", "prompt_cache", "routing", "batch"
NOTHING = Decimal(0)
# Routing: an answer as short as this from a model as dear as this (USD a token of output).
SHORT_OUTPUT, SHORT_INPUT, DEAR = 200, 2_000, Decimal("5e-6")
ROUTED_LOW, ROUTED_HIGH = Decimal("0.16"), Decimal("0.32")
# Batch: so many calls of one key and model in one minute are a program's and not a person's.
BURST = 30


@dataclass(frozen=True, slots=True)
class Sighting:
    """One call as one lever sees it.

    low, high: USD saved when `digest` was seen within `soon` or `late` before; low_first,
    high_first: when it was not (writing a cache costs). soon None: it does not depend on that.
    """

    lever: str
    digest: UUID
    at: datetime
    low: Decimal
    high: Decimal
    soon: timedelta | None = None
    late: timedelta | None = None
    low_first: Decimal = NOTHING
    high_first: Decimal = NOTHING


class Looker:
    """Looks at calls for all levers."""

    def __init__(self, hasher: Hasher, prices: Prices) -> None:
        self._hasher, self._prices = hasher, prices
        self._all_routed = hasher.digest(b"routing")

    def sightings(self, record: Record, rate: Rate | None, cost: Decimal | None) -> list[Sighting]:
        """What the levers see in a call; nothing in sums, failures and unpriced calls."""
        if record.is_total or record.outcome != "success" or not rate or not cost:
            return []
        return [
            *self._exact(record, cost),
            *self._prompt(record, rate),
            *self._routing(record, rate, cost),
            *self._batch(record, cost),
        ]

    def _exact(self, record: Record, cost: Decimal) -> Iterator[Sighting]:
        digest = self._hasher.whole(record.request) if record.request else None
        if digest:
            yield Sighting(
                EXACT_CACHE, digest, record.started_at, cost, cost,
                soon=timedelta(hours=1), late=timedelta(hours=24),
            )  # fmt: skip

    def _prompt(self, record: Record, rate: Rate) -> Iterator[Sighting]:
        beginning = self._hasher.beginning(record.request) if record.request else None
        if beginning is None:
            return
        fewest, most = (
            min(beginning.characters // each, record.buckets.input_uncached)
            for each in (MOST_CHARACTERS, LEAST_CHARACTERS)
        )
        if most < LEAST_CACHED_TOKENS:
            return  # cached already, or too short
        price = rate.level(record.buckets.input_total)
        sent, read, short, long = (Decimal(atoms).scaleb(-18) for atoms in price.atoms[:4])
        yield Sighting(
            PROMPT_CACHE, beginning.digest, record.started_at,
            low=fewest * (sent - read), low_first=fewest * (sent - short),
            high=most * (sent - read), high_first=most * (sent - long),
            soon=timedelta(minutes=5), late=timedelta(hours=1),
        )  # fmt: skip

    def _routing(self, record: Record, rate: Rate, cost: Decimal) -> Iterator[Sighting]:
        per_token = rate.prices.output
        if per_token is None or per_token < DEAR or record.request.get("tools"):
            return
        if record.buckets.output_total > SHORT_OUTPUT or record.buckets.input_total > SHORT_INPUT:
            return
        yield Sighting(
            ROUTING, self._all_routed, record.started_at,
            cost * ROUTED_LOW, cost * ROUTED_HIGH,
        )  # fmt: skip

    def _batch(self, record: Record, cost: Decimal) -> Iterator[Sighting]:
        if record.is_stream or record.tier != "standard":
            return
        saved = self._saved_by_batch(record, cost)
        minute = f"{record.key}|{record.model}|{record.started_at:%Y-%m-%d %H:%M}"
        if saved > 0:
            digest = self._hasher.digest(minute.encode())
            # Somebody waits for the answer where a person is named.
            high = NOTHING if record.end_user else saved
            yield Sighting(BATCH, digest, record.started_at, saved, high)

    def _saved_by_batch(self, record: Record, cost: Decimal) -> Decimal:
        rate = self._prices.rate(record, tier="batch")
        try:
            return cost - cost_usd(record.buckets, rate) if rate else NOTHING
        except Unpriced:
            return NOTHING
