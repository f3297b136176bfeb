"""The run second by second, for the plot of docs/reliability.md: plain numbers that JSON takes."""

from collections import Counter, defaultdict
from statistics import fmean
from typing import Any

from bench.soaking.calling import Seen
from bench.soaking.running import Run

STEP_SECONDS = 5.0


def timeline(run: Run) -> dict[str, Any]:
    """{"step_s", "seconds", "calls": {ending: [a second]}, "kills": [[seconds, part]],
    "memory": {part: [[seconds, MB]]}}; seconds since the bad day began.
    """
    steps = int((run.until - run.since) / STEP_SECONDS) + 1
    return {
        "step_s": STEP_SECONDS,
        "seconds": run.until - run.since,
        "calls": _calls(run, steps),
        "kills": [[round(kill.at - run.since, 1), kill.what] for kill in run.kills],
        "memory": _memory(run),
    }


def _calls(run: Run, steps: int) -> dict[str, list[float]]:
    counts: defaultdict[str, Counter[int]] = defaultdict(Counter)
    for seen in run.seen:
        counts[_shown(seen)][int((seen.started - run.since) // STEP_SECONDS)] += 1
    return {
        name: [round(own[step] / STEP_SECONDS, 2) for step in range(steps)]
        for name, own in sorted(counts.items())
    }


def _shown(seen: Seen) -> str:
    return {"lost": "cut", "broken": "cut", "left": "right"}.get(seen.ending, seen.ending)


def _memory(run: Run) -> dict[str, list[list[float]]]:
    """By part, the mean of its processes at each look."""
    looks: defaultdict[tuple[str, float], list[float]] = defaultdict(list)
    for sample in run.samples:
        looks[sample.what, round(sample.at - run.since, 1)].append(sample.mb)
    found: defaultdict[str, list[list[float]]] = defaultdict(list)
    for (what, at), sizes in sorted(looks.items()):
        found[what].append([at, round(fmean(sizes), 1)])
    return dict(found)
