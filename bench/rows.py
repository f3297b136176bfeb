"""What a benchmark says: rows for people, and the same rows as JSON."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Row:
    """One figure of one run.

    `baseline` was measured in the same run or published, `target` is what we promise, `aim` what we
    would like; each may be missing. `met` is None when there is no target.
    """

    figure: str
    value: float
    unit: str
    baseline: float | None = None
    target: float | None = None
    met: bool | None = None
    aim: float | None = None


def table(rows: Sequence[Row]) -> str:
    """The rows in aligned columns under a heading; `ratio` is the value's to the baseline."""
    heading = ("figure", "value", "unit", "baseline", "ratio", "target", "met", "aim")
    lines = [heading, *(_cells(row) for row in rows)]
    widths = [max(len(cell) for cell in column) for column in zip(*lines, strict=True)]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in lines
    )


def _cells(row: Row) -> tuple[str, ...]:
    ratio = row.value / row.baseline if row.baseline else None
    met = {True: "yes", False: "no", None: "-"}[row.met]
    values = (row.value, row.baseline, ratio, row.target, row.aim)
    value, baseline, ratio_said, target, aim = map(_number, values)
    return (row.figure, value, row.unit, baseline, ratio_said, target, met, aim)


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.4g}" if abs(value) < 10_000 else f"{value:,.0f}"


def write_json(path: Path, rows: Sequence[Row]) -> None:
    """A list of objects with exactly the fields of Row."""
    path.write_text(json.dumps([asdict(row) for row in rows], indent=1) + "\n")
