"""Rows of what was measured: ours beside the floor, then beside every other gateway."""

from collections.abc import Iterator

from bench.relays.load import Result
from bench.relays.measuring import BUSIER, BUSY, OPEN, SEQUENTIAL, Manner, Measured
from bench.relays.wire import Call
from bench.rows import Row

OURS, FLOOR, DIRECT = "netra", "floor", "direct"
CPU_TO_FLOOR = 2.0
CPU_TO_OTHERS = {"LiteLLM": 1 / 20, "Portkey": 1 / 2}
ADDED_P50_MS = 1.0


def rows_of(measured: Measured) -> list[Row]:
    """CPU, latency and throughput of every call and manner that was measured."""
    found = {(call, manner): None for _, call, manner in measured}
    rows: list[Row] = []
    for call, manner in found:
        by_name = {n: r for (n, c, m), r in measured.items() if (c, m) == (call, manner)}
        rows += _beside_floor(call, manner, by_name)
        for other in (each for each in CPU_TO_OTHERS if each in by_name):
            rows += _beside_other(call, manner, by_name, other)
    return rows


def _beside_floor(call: Call, manner: Manner, by_name: dict[str, Result]) -> Iterator[Row]:
    ours, floor, direct = by_name[OURS], by_name[FLOOR], by_name[DIRECT]
    named = f"{call.name} {manner.name}"
    if manner == BUSY:
        target = CPU_TO_FLOOR * floor.cpu_us
        met = ours.cpu_us <= target
        yield Row(f"{named}: CPU a call", ours.cpu_us, "µs", floor.cpu_us, target, met)
    for figure in ("first_p50_ms", "first_p99_ms"):
        added, least = (getattr(r, figure) - getattr(direct, figure) for r in (ours, floor))
        target_ms = ADDED_P50_MS if manner == SEQUENTIAL and "p50" in figure else None
        is_met = None if target_ms is None else added <= target_ms
        name = f"{named}: added {figure[6:9]} to the first byte"
        yield Row(name, added, "ms", least, target_ms, is_met)
    if manner in (BUSY, BUSIER):
        yield Row(f"{named}: calls a second", ours.calls_per_s, "/s", floor.calls_per_s)
    if manner == OPEN:
        yield Row(f"{named}: offered", ours.calls_per_s, "/s", floor.calls_per_s)


def _beside_other(
    call: Call, manner: Manner, by_name: dict[str, Result], other: str
) -> Iterator[Row]:
    ours, theirs = by_name[OURS], by_name[other]
    named = f"{call.name} {manner.name} beside {other}"
    if manner == BUSY:
        target = CPU_TO_OTHERS[other] * theirs.cpu_us
        met = ours.cpu_us <= target
        yield Row(f"{named}: CPU a call", ours.cpu_us, "µs", theirs.cpu_us, target, met)
        is_rival = other == "Portkey"
        limit = theirs.first_p99_ms if is_rival else None
        is_met = ours.first_p99_ms <= theirs.first_p99_ms if is_rival else None
        name = f"{named}: p99 to the first byte"
        yield Row(name, ours.first_p99_ms, "ms", theirs.first_p99_ms, limit, is_met)
    else:
        name = f"{named}: p50 to the first byte"
        yield Row(name, ours.first_p50_ms, "ms", theirs.first_p50_ms)
