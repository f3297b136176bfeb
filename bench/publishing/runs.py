"""Runs as they are kept, in docs/figures: the pages are made of them, and of nothing else."""

import json
import shutil
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from statistics import median
from typing import Any

from bench.publishing.machine import circumstances
from bench.rows import Row
from netra.launch.places import CHECKOUT

FOLDER = CHECKOUT / "docs" / "figures"
_MOST_RUNS = 9
Run = Mapping[str, Any]


def keep_run(name: str, rows: Sequence[Row], *, is_quick: bool, folder: Path = FOLDER) -> None:
    """Put a run beside those of the same commit and form, and in place of all others.

    A quick one never takes the place of a whole one.
    """
    run = {**circumstances(), "is_quick": is_quick, "rows": [asdict(row) for row in rows]}
    known = kept_runs(name, folder=folder)
    if is_quick and known and not known[-1]["is_quick"]:
        return
    alike = [each for each in known if _form(each) == _form(run)]
    folder.mkdir(parents=True, exist_ok=True)
    document = {"runs": [*alike, run][-_MOST_RUNS:]}
    (folder / f"{name}.json").write_text(json.dumps(document, indent=1) + "\n")


def keep_timeline(name: str, written: Path, *, folder: Path = FOLDER) -> None:
    """What the last run wrote of itself over time."""
    shutil.copyfile(written, folder / f"{name}-timeline.json")


def kept_runs(name: str, *, folder: Path = FOLDER) -> list[Run]:
    """Of one commit and form, the oldest first; none where nothing was kept."""
    path = folder / f"{name}.json"
    return list(json.loads(path.read_text())["runs"]) if path.exists() else []


def medians(runs: Sequence[Run]) -> list[Row]:
    """Each figure of the last run with the median of all; met where most runs met it."""
    told = [_by_place(run) for run in runs]
    return [
        _median(row, [each[place] for each in told if place in each])
        for place, row in told[-1].items()
    ]


def _by_place(run: Run) -> dict[tuple[str, int], Row]:
    """Rows by their figure and how many of that name came before: parts of figures share names."""
    seen: Counter[str] = Counter()
    found: dict[tuple[str, int], Row] = {}
    for each in run["rows"]:
        row = Row(**each)
        found[row.figure, seen[row.figure]] = row
        seen[row.figure] += 1
    return found


def _median(last: Row, rows: Sequence[Row]) -> Row:
    baselines = [row.baseline for row in rows if row.baseline is not None]
    met = None if last.met is None else 2 * sum(row.met is True for row in rows) > len(rows)
    value = median(row.value for row in rows)
    return replace(last, value=value, baseline=median(baselines) if baselines else None, met=met)


def _form(run: Run) -> tuple[str, bool]:
    return run["commit"], run["is_quick"]
