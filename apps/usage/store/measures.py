"""What is counted of calls: the columns of the rollups, and how they follow from events.

Durations are summed as whole microseconds, so that a rollup is the same in whatever order its
events came, and is equal to the sums of the events themselves.
"""

from collections.abc import Mapping, Sequence
from math import ceil, log

from apps.kernel.events import OUTCOMES
from apps.kernel.tokens import BUCKETS

# Bins of latency: the first ends at 4 ms, each further one is 2^(1/3) as wide, the last is open.
BINS = 48
BIN_START_MS, BINS_PER_OCTAVE = 4.0, 3
# Nothing takes a month; a clock that jumped must not spoil a sum.
LONGEST_MS = 2_592_000_000
_US = "round(least(greatest({0}, 0), {1}) * 1000)::bigint"
_DURATIONS = {"latency": "total_ms", "first_byte": "first_byte_ms", "overhead": "overhead_ms"}
DURATION_FIELDS = tuple(_DURATIONS.values())

# Column → what it sums, of one row of events (or lines made of them).
COUNTS: Mapping[str, str] = {
    "calls": "1",
    **{f"{outcome}_calls": f"(outcome = '{outcome}')::int" for outcome in OUTCOMES},
    "unpriced_calls": "(actual_usd IS NULL AND outcome <> 'refused')::int",
    "estimated_calls": "is_estimated::int",
}
TOKENS: Mapping[str, str] = {f"{bucket}_tokens": bucket for bucket in BUCKETS}
AMOUNTS: Mapping[str, str] = {
    "actual_usd": "coalesce(actual_usd, 0)",
    "counterfactual_usd": "coalesce(counterfactual_usd, 0)",
    "saved_usd": "coalesce(saved_usd, 0)",
}
DURATIONS: Mapping[str, str] = {
    **{f"{name}_calls": f"({ms} IS NOT NULL)::int" for name, ms in _DURATIONS.items()},
    **{f"{name}_us": _US.format(ms, LONGEST_MS) for name, ms in _DURATIONS.items()},
}
SUMS: Mapping[str, str] = {**COUNTS, **TOKENS, **AMOUNTS}
ALL_SUMS: Mapping[str, str] = {**SUMS, **DURATIONS}

# What an adjustment changes of its event; the columns of usage_adjustment that are added up.
CHANGED = ("unpriced_calls", "actual_usd", "counterfactual_usd", "saved_usd")
# Column → what it sums of one row of CHANGED_EVENTS.
CHANGES: Mapping[str, str] = {
    name: f"changed_{name}" if name in CHANGED else "0" for name in ALL_SUMS
}
CHANGED_EVENTS = f"""
    SELECT event.*, {", ".join(f"change.{name} AS changed_{name}" for name in CHANGED)}
    FROM {{changes}} AS change JOIN usage_event AS event USING (event_id, started_at)
"""  # noqa: S608  (constants)

SAVED = "counterfactual_usd - actual_usd"
_BIN = (
    f"least(ceil(ln(greatest(total_ms, {BIN_START_MS}) / {BIN_START_MS}) / ln(2::float8)"
    f" * {BINS_PER_OCTAVE}) + 1, {BINS})::int"
)
BIN = f"CASE WHEN total_ms > {BIN_START_MS} THEN {_BIN} WHEN total_ms IS NOT NULL THEN 1 END"


def column_type(name: str) -> str:
    """The type of a column of SUMS or DURATIONS."""
    return "numeric(38,18)" if name in AMOUNTS else "bigint"


def bin_of(latency_ms: float) -> int:
    """The bin, 1 to BINS, of a latency."""
    if latency_ms <= BIN_START_MS:
        return 1
    return min(ceil(log(latency_ms / BIN_START_MS) / log(2) * BINS_PER_OCTAVE) + 1, BINS)


def bin_end_ms(number: int) -> float:
    """The longest latency in ms of bin `number`; of the last, which is open, its start again."""
    return float(BIN_START_MS * 2 ** ((min(number, BINS - 1) - 1) / BINS_PER_OCTAVE))


def percentile_ms(bins: Sequence[int], share: float) -> float | None:
    """The latency that `share` of the calls do not exceed, within its bin by proportion."""
    left = sum(bins) * share
    if not left:
        return None
    for number, count in enumerate(bins, 1):
        if left <= count:
            start = bin_end_ms(number - 1) if number > 1 else 0.0
            return float(start + (bin_end_ms(number) - start) * float(left / count))
        left -= count
    return bin_end_ms(BINS)
