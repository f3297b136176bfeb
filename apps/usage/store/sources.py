"""The SQL of a question: which table has which part of the window, and one statement over them."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from apps.usage.store.facets import FACET_GRAINS, LONGEST_TAG, LONGEST_VALUE
from apps.usage.store.measures import (
    ALL_SUMS,
    BIN,
    BINS,
    CHANGED_EVENTS,
    CHANGES,
    SAVED,
    column_type,
)
from apps.usage.store.rollups import DIMENSIONS, GRAINS
from apps.usage.store.windows import EVENTS, Segment

LEVER, FACETS = "lever", ("end_user", "tag")
# What no rollup has: their questions are answered from the events.
EVENT_DIMENSIONS = ("endpoint", "dialect", "outcome", "status", "error_code")
ALL_DIMENSIONS = (*DIMENSIONS, *FACETS, *EVENT_DIMENSIONS)
# Imported calls passed nowhere: they are counted when they are asked for by their kind.
KIND, IMPORT = "kind", "import"
_OF_FACETS = {"project_id", "kind"}
_SPANS = dict(zip(FACET_GRAINS, ("days", "weeks"), strict=True))
_BINS_SUMMED = ", ".join(f"sum(latency_bins[{n}])" for n in range(1, BINS + 1))
_BINS_COUNTED = ", ".join(f"count(*) FILTER (WHERE bin = {n})" for n in range(1, BINS + 1))
_NO_BINS = ", ".join("0" for _ in range(BINS))
_LEVERS = """CROSS JOIN LATERAL (
    SELECT key AS lever, value::numeric(38,18) AS saved_usd FROM jsonb_each_text(decomposition)
) AS levers"""
_HAS_TAG, _TAG = "tags ? %(tag)s", f"left(coalesce(tags ->> %(tag)s, ''), {LONGEST_VALUE})"
# A name that may have been cut stands for all that begin with it.
_CUT_TAG = f"""CROSS JOIN LATERAL (
    SELECT left(coalesce(value, ''), {LONGEST_VALUE}) AS tag FROM jsonb_each_text(tags)
    WHERE left(key, {LONGEST_TAG}) = %(tag)s LIMIT 1
) AS tagged"""  # noqa: S608  (constants)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a statement must give. sums: of ALL_SUMS. starts: of the buckets, the first since.

    imported: over what imported calls count, which `segments` do without; None for nothing.
    """

    sums: Sequence[str]
    has_bins: bool
    dimensions: Sequence[str]
    filters: Mapping[str, Sequence[str]]
    tag: str | None
    starts: Sequence[datetime]
    segments: Sequence[Segment]
    limit: int
    imported: Segment | None = None

    @property
    def used(self) -> set[str]:
        return {*self.dimensions, *self.filters}


def grains_for(used: set[str], *, has_durations: bool) -> tuple[int, ...]:
    """The grains of rollups that tell calls apart by all of `used`; none means the events."""
    facets = used & set(FACETS)
    if used & set(EVENT_DIMENSIONS):
        return ()
    if not facets:
        return GRAINS
    is_known = len(facets) == 1 and used - facets <= _OF_FACETS and not has_durations
    return FACET_GRAINS if is_known else ()


def source_names(wanted: Wanted) -> tuple[str, ...]:
    """Which tables a statement reads, for people."""
    facet = next(iter(wanted.used & set(FACETS)), None)
    grains = sorted({segment.grain for segment in wanted.segments})
    if wanted.imported:
        grains = sorted({EVENTS, *grains})
    return tuple(_source_name(grain, facet) for grain in grains)


def _source_name(grain: int, facet: str | None) -> str:
    if grain == EVENTS:
        return "events"
    return f"{_SPANS[grain]} of {facet}s" if facet else f"rollups of {grain} minutes"


def statement(wanted: Wanted) -> tuple[str, dict[str, Any]]:
    """SQL and its values. Columns: number of the bucket from 1, dimensions, sums, array of bins."""
    values: dict[str, Any] = {
        "starts": list(wanted.starts), "tag": wanted.tag, "limit": wanted.limit,
        **{f"only_{name}": list(accepted) for name, accepted in wanted.filters.items()},
    }  # fmt: skip
    parts = [*_rolled(wanted, values), *_of_events(wanted, values)]
    named = [f"d{n}" for n in range(len(wanted.dimensions))]
    sums = [f"sum({name})::{column_type(name)}" for name in wanted.sums]
    bins = [f"ARRAY[{_BINS_SUMMED}]::bigint[]"] if wanted.has_bins else []
    keys = ", ".join(str(n) for n in range(1, len(named) + 2))
    outer = ", ".join(["bucket", *named, *sums, *bins])
    return (
        f"SELECT {outer} FROM ({' UNION ALL '.join(parts)}) AS part"  # noqa: S608
        f" GROUP BY {keys} ORDER BY {keys} LIMIT %(limit)s",
        values,
    )


def _rolled(wanted: Wanted, values: dict[str, Any]) -> Iterator[str]:
    segments = [segment for segment in wanted.segments if segment.grain != EVENTS]
    if not segments:
        return
    facets = [name for name in FACETS if name in wanted.used]
    sums = {name: name for name in wanted.sums}
    where = [f"{KIND} <> '{IMPORT}'"]
    if facets:
        values["facet"] = facets[0]
        columns = {name: "value" if name in FACETS else name for name in wanted.used}
        table = "usage_facet"
        where.append("facet = %(facet)s AND name = coalesce(%(tag)s, '')")
    else:
        columns = {name: name for name in wanted.used}
        table = "usage_rollup JOIN usage_series ON id = series_id"
        where.append("lever <> ''" if LEVER in wanted.used else "lever = ''")
    where.append(_spans(segments, "bucket_at", values, has_grain=True))
    where += _filters(wanted, columns)
    yield _part(wanted, columns, sums, _BINS_SUMMED, f"{table} WHERE {' AND '.join(where)}")


def _of_events(wanted: Wanted, values: dict[str, Any]) -> Iterator[str]:
    """The events of what no rollup has, and what adjustments changed of them."""
    which = " OR ".join(_which_events(wanted, values))
    if not which:
        return
    columns = {name: _of_event(name, wanted) for name in wanted.used}
    joined, having = _unfolded(wanted)
    where = " AND ".join([f"({which})", *_filters(wanted, columns), *having])
    saved = "" if LEVER in wanted.used else f", {SAVED} AS saved_usd"
    line = "(SELECT *, started_at AS bucket_at{} FROM {} {} WHERE {}{}) AS line"
    # A subquery with OFFSET is not merged into what is around it, and the bin so worked out once a
    # row, not once for each of the bins that it may be.
    once = " OFFSET 0" if wanted.has_bins else ""
    events = line.format(f", {BIN} AS bin{saved}", "usage_event", joined, where, once)
    yield _part(wanted, columns, ALL_SUMS, _BINS_COUNTED, events)
    changed = CHANGED_EVENTS.format(changes="usage_adjustment")
    changes = line.format("", f"({changed}) AS changed", joined, where, "")
    yield _part(wanted, columns, CHANGES, _NO_BINS, changes)


def _unfolded(wanted: Wanted) -> tuple[str, list[str]]:
    """What is joined to events for their levers and tag, and what they must have at all."""
    joined, having = "", []
    if "end_user" in wanted.used:
        having.append("end_user IS NOT NULL")
    if "tag" in wanted.used:
        joined += f" {_CUT_TAG}" if _may_be_cut(wanted) else ""
        having += [] if _may_be_cut(wanted) else [_HAS_TAG]
    if LEVER in wanted.used:
        joined += f" {_LEVERS}"
    return joined, having


def _filters(wanted: Wanted, columns: Mapping[str, str]) -> list[str]:
    return [f"({columns[name]})::text = ANY(%(only_{name})s)" for name in wanted.filters]


def _may_be_cut(wanted: Wanted) -> bool:
    return len(wanted.tag or "") >= LONGEST_TAG


def _which_events(wanted: Wanted, values: dict[str, Any]) -> Iterator[str]:
    segments = [segment for segment in wanted.segments if segment.grain == EVENTS]
    if segments:
        spans = _spans(segments, "started_at", values, prefix="event")
        yield f"({spans} AND {KIND} <> '{IMPORT}')"
    if wanted.imported:
        spans = _spans([wanted.imported], "started_at", values, prefix="imported")
        yield f"({spans} AND {KIND} = '{IMPORT}')"


def _of_event(dimension: str, wanted: Wanted) -> str:
    if dimension == "tag" and not _may_be_cut(wanted):
        return _TAG
    if dimension in DIMENSIONS:
        return DIMENSIONS[dimension]
    if dimension in EVENT_DIMENSIONS:
        return f"coalesce({dimension}::text, '')"
    return f"left({dimension}, {LONGEST_VALUE})"


def _part(
    wanted: Wanted,
    columns: Mapping[str, str],
    sums: Mapping[str, str],
    bins: str,
    rows: str,
) -> str:
    """One table's part, summed; all parts have the same columns. rows: what is read FROM."""
    named = [f"({columns[name]})::text AS d{n}" for n, name in enumerate(wanted.dimensions)]
    summed = [f"sum({sums[name]}) AS {name}" for name in wanted.sums]
    counted = [f"ARRAY[{bins}] AS latency_bins"] if wanted.has_bins else []
    bucket = "width_bucket(bucket_at, %(starts)s::timestamptz[]) AS bucket"
    keys = ", ".join(str(n) for n in range(1, len(named) + 2))
    selected = ", ".join([bucket, *named, *summed, *counted])
    return f"SELECT {selected} FROM {rows} GROUP BY {keys}"  # noqa: S608


def _spans(
    segments: Sequence[Segment],
    column: str,
    values: dict[str, Any],
    *,
    has_grain: bool = False,
    prefix: str = "rolled",
) -> str:
    given = _span_conditions(segments, column, values, prefix, has_grain=has_grain)
    return f"({' OR '.join(given)})"


def _span_conditions(
    segments: Sequence[Segment],
    column: str,
    values: dict[str, Any],
    prefix: str,
    *,
    has_grain: bool,
) -> Iterator[str]:
    for number, segment in enumerate(segments):
        since, until = f"{prefix}_{number}_since", f"{prefix}_{number}_until"
        values |= {since: segment.since, until: segment.until}
        only = f"grain = {segment.grain} AND " if has_grain else ""
        yield f"({only}{column} >= %({since})s AND {column} < %({until})s)"
