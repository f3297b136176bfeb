"""From genai-prices' models to the entries of our catalogue."""

from collections.abc import Iterator, Mapping
from dataclasses import fields
from datetime import UTC, date, datetime, time, timedelta
from decimal import ROUND_HALF_EVEN, Decimal
from itertools import pairwise
from typing import Any

from genai_prices import types as theirs

from apps.pricing.rates.prices import PLACES

# Request contexts of theirs, and what we call the tier.
TIERS: dict[str, tuple[str, str] | None] = {
    "standard": None,
    "batch": ("processing", "batch"),
    "flex": ("service_tier", "flex"),
    "priority": ("service_tier", "priority"),
    "fast": ("speed", "fast"),
}
BUCKETS = {
    "input_mtok": "input_uncached",
    "cache_read_mtok": "cache_read",
    "cache_write_mtok": "cache_write_5m",
    "cache_write_5m_mtok": "cache_write_5m",
    "cache_write_1h_mtok": "cache_write_1h",
    "output_mtok": "output",
    "output_reasoning_mtok": "reasoning",
    "input_audio_mtok": "input_audio",
    "output_audio_mtok": "output_audio",
    "input_image_mtok": "input_image",
    "output_image_mtok": "output_image",
}
# Units, and for how many of them the price stands. Tokens that have no bucket are units too.
UNITS = {
    "cache_audio_read_mtok": ("cache_read_audio_token", 1_000_000),
    "cache_image_read_mtok": ("cache_read_image_token", 1_000_000),
    "input_video_mtok": ("input_video_token", 1_000_000),
    "output_video_mtok": ("output_video_token", 1_000_000),
    "web_searches_kcount": ("web_search", 1_000),
    "storage_searches_kcount": ("file_search", 1_000),
    "rerank_searches_kcount": ("search_unit", 1_000),
    "input_text_messages_kcount": ("message", 1_000),
    "requests_kcount": ("request", 1_000),
    "audio_hours": ("audio_second", 3_600),
    "input_audio_hours": ("audio_second", 3_600),
    "input_mchars": ("character", 1_000_000),
    "input_document_kpages": ("page", 1_000),
    "input_annotated_document_kpages": ("annotated_page", 1_000),
}
FREE: dict[str, Any] = {"per_mtok": {"input_uncached": "0", "output": "0"}}
_ATOM = Decimal(1).scaleb(-PLACES)
_DAY = timedelta(days=1)
# Any instant does where no date changes the price.
_SOME_DAY = datetime(2026, 1, 1, tzinfo=UTC)


class UnknownPrice(ValueError):
    """A price that has no place in our buckets and units; give it one above."""


def converted(model: theirs.ModelInfo, *, is_free: bool) -> dict[str, Any]:
    """One entry of the catalogue; without prices it is unpriced, unless known to be free."""
    names, rule = _matching(model.match)
    rates = [_brief(rate) for tier in TIERS for rate in _rates(model, tier)]
    entry: dict[str, Any] = {"id": model.id}
    if names := [name for name in names if name != model.id]:
        entry["names"] = names
    if rule:
        entry["match"] = rule
    if model.context_window:
        entry["context_window"] = model.context_window
    return entry | {"rates": rates or ([FREE] if is_free else [])}


def _matching(clause: Any) -> tuple[list[str], dict[str, Any] | None]:
    """The exact names, and the rule for the others."""
    parts = clause.or_ if isinstance(clause, theirs.ClauseOr) else [clause]
    exact = [part.equals for part in parts if isinstance(part, theirs.ClauseEquals)]
    rules = [_rule(part) for part in parts if not isinstance(part, theirs.ClauseEquals)]
    if len(rules) > 1:
        return exact, {"or": rules}
    return exact, rules[0] if rules else None


def _rule(clause: Any) -> dict[str, Any]:
    [field] = fields(clause)
    value = getattr(clause, field.name)
    kind = field.name.rstrip("_")
    return {kind: [_rule(part) for part in value] if isinstance(value, list) else value}


def _rates(model: theirs.ModelInfo, tier: str) -> list[dict[str, Any]]:
    """The tier's rates by date; among those that hold at once the last one wins."""
    dates = {limit.start_date for limit in _limits(model, theirs.StartDateConstraint)}
    edges = [None, *(_midnight(day) for day in sorted(dates)), None]
    windows = list(_limits(model, theirs.TimeOfDateConstraint))
    rates: list[dict[str, Any]] = []
    for start, end in pairwise(edges):
        at = _outside(windows, start or (end - _DAY if end else _SOME_DAY))
        if terms := _terms(model, tier, at):
            _append(rates, {"tier": tier} | terms, start, end)
    # Hours of the day are listed after all dates, and nobody says that they held before these.
    return [*rates, *(_daily(model, tier, window, edges[-2]) for window in windows if rates)]


def _append(
    rates: list[dict[str, Any]], terms: dict[str, Any], start: datetime | None, end: datetime | None
) -> None:
    bounds = {"from": _iso(start), "to": _iso(end)}
    last = rates[-1] if rates else {}
    if last and {name: last[name] for name in last if name not in bounds} == terms:
        terms, bounds["from"] = rates.pop(), last.get("from")
    rates.append(terms | {name: text for name, text in bounds.items() if text})
    if not bounds["to"]:
        rates[-1].pop("to", None)


def _daily(
    model: theirs.ModelInfo,
    tier: str,
    window: theirs.TimeOfDateConstraint,
    start: datetime | None,
) -> dict[str, Any]:
    first = datetime.combine((start or _SOME_DAY).date(), window.start_time)
    hours = [f"{edge:%H:%M}" for edge in (window.start_time, window.end_time)]
    since = {"from": start.date().isoformat()} if start else {}
    return {"tier": tier} | (_terms(model, tier, first) or {}) | since | {"daily": hours}


def _terms(model: theirs.ModelInfo, tier: str, at: datetime) -> dict[str, Any] | None:
    """What the tier costs at `at`; None when it is not offered or has no prices."""
    context = TIERS[tier]
    if context and not any(_is_offered(each, context, at) for each in model.price_variants or ()):
        return None
    prices = model.get_prices(at, dict([context]) if context else None)
    stated = {key: price for key, price in vars(prices).items() if price is not None}
    return _stated_terms(stated) if stated else None


def _is_offered(variant: theirs.PriceVariant, context: tuple[str, str], at: datetime) -> bool:
    is_active = variant.constraint is None or variant.constraint.active(at)
    return is_active and context in variant.when.items()


def _stated_terms(stated: Mapping[str, Any]) -> dict[str, Any]:
    if strange := set(stated) - set(BUCKETS) - set(UNITS):
        raise UnknownPrice(f"What are {', '.join(sorted(strange))}?")
    steps = {tier.start for price in stated.values() for tier in getattr(price, "tiers", ())}
    terms = {
        "per_mtok": _per_mtok(stated, 0),
        "steps": [
            {"above": above, "per_mtok": _per_mtok(stated, above)} for above in sorted(steps)
        ],
        "units": dict(_unit(key, stated) for key in UNITS if key in stated),
    }
    return {name: value for name, value in terms.items() if value}


def _per_mtok(stated: Mapping[str, Any], above: int) -> dict[str, str]:
    return {
        bucket: _text(_at_step(stated[key], above), per=1_000_000)
        for key, bucket in BUCKETS.items()
        if key in stated
    }


def _at_step(price: Any, above: int) -> Decimal:
    """A step starts above its bound, so that the price of step `above` begins just there."""
    if isinstance(price, Decimal):
        return price
    reached = [tier.price for tier in price.tiers if tier.start <= above]
    return Decimal(reached[-1] if reached else price.base)


def _unit(key: str, stated: Mapping[str, Any]) -> tuple[str, str]:
    name, per = UNITS[key]
    if not isinstance(stated[key], Decimal):
        raise UnknownPrice(f"{key} has steps; units have none.")
    return name, _text(stated[key] / per)


def _text(price: Decimal, per: int = 1) -> str:
    """At most 18 places for each token or unit: thirds of a cent exist in lists."""
    return f"{((price / per).quantize(_ATOM, ROUND_HALF_EVEN) * per).normalize():f}"


def _limits(model: theirs.ModelInfo, kind: type[Any]) -> Iterator[Any]:
    priced = model.prices if isinstance(model.prices, list) else []
    for each in (*priced, *(model.price_variants or ())):
        if isinstance(each.constraint, kind):
            yield each.constraint


def _outside(windows: list[Any], at: datetime) -> datetime:
    """The first full hour from `at` on in which none of the daily prices holds."""
    hours = (at + timedelta(hours=hour) for hour in range(24))
    return next(hour for hour in hours if not any(window.active(hour) for window in windows))


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)


def _iso(at: datetime | None) -> str | None:
    return at.date().isoformat() if at else None


def _brief(rate: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in rate.items() if (name, value) != ("tier", "standard")}
