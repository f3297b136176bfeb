"""The levers themselves, tried on calls of a log: what would they have saved, had they acted?

Exact answers: the gateway's own key, its rule for drawn answers, kept for a day. Provider cache:
the planner's statistics and its choice of where marks pay, at the prices of the call's own rate;
only for Anthropic's form, and only where the caller had set no marks. Calls that a lever would have
answered are not seen by the next.
"""

import hmac
from collections import OrderedDict
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from apps.optimization.answers.canonical import Place, answer_key, is_drawn, is_lasting
from apps.optimization.prefix import (
    CachePrices,
    PrefixStatistics,
    UnknownShape,
    anthropic_blocks,
    minimum_tokens,
)
from apps.optimization.prefix.blocks import Boundary, boundaries
from apps.optimization.prefix.planning import Target, best_target
from apps.pricing.rates import Rate
from apps.usage.imports.formats import Record

EXACT_CACHE, PROMPT_CACHE = "exact_cache", "prompt_cache"
KEPT_FOR = timedelta(hours=24)
MOST_ANSWERS, MOST_PREFIXES = 200_000, 50_000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_PLACES = 18
_NOTHING = Decimal(0)


class Trial:
    """Of one organization's file, in bounded memory. key: its data key, 32 bytes."""

    def __init__(self, organization_id: UUID, key: bytes) -> None:
        self._organization_id, self._key = organization_id, key
        self._prefix_key = hmac.digest(key, b"netra import trials", "sha256")
        self._answers: OrderedDict[str, datetime] = OrderedDict()
        self._statistics = PrefixStatistics(MOST_PREFIXES)
        self._last = _EPOCH

    def tried(
        self, record: Record, rate: Rate | None, cost: Decimal | None
    ) -> Mapping[str, Decimal]:
        """Lever → USD. Nothing of sums, failures, calls without content or price, and of calls
        that are older than the one before: no lever knows what comes later.
        """
        is_plain = not record.is_total and record.outcome == "success" and record.request
        if not is_plain or rate is None or not cost or record.started_at < self._last:
            return {}
        self._last = record.started_at
        if self._is_kept(record):
            return {EXACT_CACHE: cost}
        saved = self._marked(record, rate)
        return {PROMPT_CACHE: min(saved, cost)} if saved else {}

    def _is_kept(self, record: Record) -> bool:
        """Whether an answer to the same call was kept; keeps this one's otherwise."""
        if is_drawn(record.request) or is_lasting(record.endpoint, record.request):
            return False
        asked = (record.provider, "", record.model or "")
        place = Place(
            self._organization_id, self._organization_id, record.endpoint, (asked,), _EPOCH
        )
        key = answer_key(self._key, place, record.request)
        kept_at = self._answers.get(key)
        if kept_at is not None and record.started_at - kept_at <= KEPT_FOR:
            return True
        self._answers[key] = record.started_at
        self._answers.move_to_end(key)
        if len(self._answers) > MOST_ANSWERS:
            self._answers.popitem(last=False)
        return False

    def _marked(self, record: Record, rate: Rate) -> Decimal:
        """What marks would have saved, below 0 where what is written is not read in time."""
        buckets = record.buckets
        if record.provider != "anthropic" or buckets.input_total != buckets.input_uncached:
            return _NOTHING
        ends = self._ends(record.request, record.model or "")
        prices = _prices(rate, buckets.input_total)
        if not ends or prices is None:
            return _NOTHING
        at_s = record.started_at.timestamp()
        live, life = self._statistics.live(ends, at_s=at_s)
        stretches = self._statistics.arrive(ends, namespace=str(record.key), at_s=at_s)
        target = best_target(stretches, _multiples(prices), live=live, life=life)
        return self._saved(ends, live, target, record, prices, at_s)

    def _ends(self, request: Mapping[str, Any], model: str) -> list[Boundary]:
        try:
            blocks = anthropic_blocks(request)
        except UnknownShape:
            return []
        return boundaries(blocks, key=self._prefix_key, seed=model.encode()) if blocks else []

    def _saved(
        self,
        ends: list[Boundary],
        live: int,
        target: Target,
        record: Record,
        prices: tuple[Decimal, ...],
        at_s: float,
    ) -> Decimal:
        end = max(target.end, live)
        if end < 0 or ends[end].tokens < minimum_tokens(record.model or ""):
            return _NOTHING
        life = int(target.longer >= end)
        self._statistics.keep_alive(ends[end].digest, life=life, at_s=at_s)
        # Blocks are counted by their length; the provider's own count of the whole corrects them.
        scale = Decimal(record.buckets.input_total) / max(ends[-1].tokens, 1)
        read = scale * (ends[live].tokens if live >= 0 else 0)
        written = scale * ends[end].tokens - read
        sent, cached, *writes = prices
        return read * (sent - cached) - written * (writes[life] - sent)


def _prices(rate: Rate, tokens: int) -> tuple[Decimal, ...] | None:
    """USD a token: sent, read from the cache, written for five minutes and for an hour."""
    atoms = rate.level(tokens).atoms[:4]
    prices = tuple(Decimal(each).scaleb(-_PLACES) for each in atoms)
    return prices if prices[0] > 0 else None


def _multiples(prices: tuple[Decimal, ...]) -> CachePrices:
    sent, read, short, long = prices
    return CachePrices(float(read / sent), (float(short / sent), float(long / sent)))
