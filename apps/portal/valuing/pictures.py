"""The pictures of the page."""

from collections.abc import Iterator
from typing import Any, NamedTuple

from apps.attribution.valuing import Bucket, Value
from apps.kernel.money import shown_usd
from apps.optimization.access import LEVERS
from apps.portal.charts import Said, Span, Stack, spans, stacked_bars
from apps.portal.valuing.tables import bucket_name, lever_name

# Each lever keeps its colour, whichever others there are.
_SERIES = {lever: number for number, lever in enumerate(LEVERS, 1)}
_OTHERS = len(LEVERS) + 1
_AXIS = {"hour": "%H:%M", "day": "%-d %b", "week": "%-d %b", "month": "%b %Y"}


class Key(NamedTuple):
    """One entry of a legend."""

    series: int
    label: str


def pictures_of(found: Value) -> dict[str, Any]:
    """Spend over time, and what levers saved over time with its legend; {} where nothing was."""
    if not found.buckets or found.now.spend.is_empty:
        return {}
    levers = [each.lever for each in found.now.levers]
    return {
        "spend": spans(_SPEND, [_span(found, each) for each in found.buckets]),
        "savings": stacked_bars(_SAVINGS, [_stack(found, each) for each in found.buckets])
        if levers
        else {},
        "keys": [Key(_series(lever), lever_name(lever)) for lever in levers],
    }


def _span(found: Value, bucket: Bucket) -> Span:
    untouched, actual = bucket.spend.untouched_usd, bucket.spend.actual_usd
    told = (
        f"{bucket_name(found, bucket)}: {shown_usd(untouched)} without Netra,"
        f" {shown_usd(actual)} actual"
    )
    return Span(_axis(found, bucket), untouched, actual, told)


def _stack(found: Value, bucket: Bucket) -> Stack:
    return Stack(_axis(found, bucket), list(_parts(found, bucket)))


def _parts(found: Value, bucket: Bucket) -> Iterator[tuple[int, Any, str]]:
    """In the order of the legend, so that each colour keeps its place."""
    for lever in found.now.levers:
        usd = bucket.levers.get(lever.lever)
        if usd:
            name = f"{bucket_name(found, bucket)}, {lever_name(lever.lever)}"
            yield _series(lever.lever), usd, f"{name}: {shown_usd(usd)}"


def _series(lever: str) -> int:
    return _SERIES.get(lever, _OTHERS)  # type: ignore[call-overload, no-any-return]


def _axis(found: Value, bucket: Bucket) -> str:
    return f"{bucket.at:{_AXIS[found.query.granularity]}}"


_SPEND = Said(
    "spend-picture",
    "Spend over time",
    "Two lines: what the requests would have cost without Netra, and what they did cost. The band"
    " between them is the estimated saving. The table below has the figures.",
)
_SAVINGS = Said(
    "savings-picture",
    "Estimated saving by lever over time",
    "A bar for each time. Its parts are levers; what is below zero cost more than it saved. The"
    " table below has the figures.",
)
