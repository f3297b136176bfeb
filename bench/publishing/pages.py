"""Tables within pages: what stands between markers is written anew, everything else stays.

Pure. `<!-- figures: NAME whole -->` or `… quick -->` opens what a whole or a quick run said, and
`<!-- /figures -->` ends it; `<!-- machine -->` what the newest run was made on. A block that says
neither is nobody's yet.
"""

import re
from collections.abc import Iterable, Sequence
from typing import Any

from bench.publishing.runs import Run, medians
from bench.rows import Row

_OPENING = r"<!-- figures: {} ?(whole|quick)? ?-->\n"
_CLOSING = "<!-- /figures -->"
_MACHINE = re.compile(r"(<!-- machine -->\n).*?(<!-- /machine -->)", re.DOTALL)
_HEADING = ("figure", "value", "baseline", "ratio", "target", "met", "aim")
_MET = {True: "yes", False: "**no**", None: ""}


def marked(page: str) -> list[str]:
    """The benchmarks that a page has a place for."""
    return re.findall(_OPENING.format(r"(\w+)").replace("(whole|quick)?", "(?:whole|quick)?"), page)


def with_figures(page: str, name: str, runs: Sequence[Run], *, has_plot: bool) -> str:
    """The page with the figures of these runs; a quick one does not take a whole one's place."""
    found = re.compile(_OPENING.format(name) + f"(.*?){_CLOSING}", re.DOTALL)
    form = "quick" if runs[-1]["is_quick"] else "whole"

    def block(old: "re.Match[str]") -> str:
        if old[1] == "whole" and form == "quick":
            return old[0]
        lines = [f"<!-- figures: {name} {form} -->", *figures(name, runs, has_plot=has_plot)]
        return "\n".join([*lines, _CLOSING])

    return found.sub(block, page)


def with_section(page: str, name: str, what: str) -> str:
    """The page with a section for a benchmark that it has none for. what: one sentence."""
    if name in marked(page):
        return page
    opening = f"<!-- figures: {name} -->\nNot run yet.\n{_CLOSING}"
    return f"{page.rstrip()}\n\n## `{name}`\n\n{what}\n\n{opening}\n"


def with_machine(page: str, run: Run) -> str:
    """The page with what the run was made on."""
    lines = "\n".join(f"- {line}" for line in machine_lines(run))
    return _MACHINE.sub(lambda old: f"{old[1]}{lines}\n{old[2]}", page)


def machine_lines(run: Run) -> list[str]:
    """Machine and versions, each a line."""
    machine: dict[str, Any] = run["machine"]
    versions = ", ".join(f"{name} {number}" for name, number in run["versions"].items())
    return [
        f"{machine['cpu']}, {machine['cores']} cores, {machine['memory_gb']} GB of memory",
        versions,
    ]


def figures(name: str, runs: Sequence[Run], *, has_plot: bool) -> list[str]:
    """The lines of a block: when and what, the table, the plot."""
    last, count = runs[-1], len(runs)
    form = ", `--quick`" if last["is_quick"] else ""
    median = f", medians of {count} runs" if count > 1 else ""
    when = f"{last['date']}, commit `{last['commit']}`{form}{median}"
    caption = f"{when}; load of the machine {last['machine']['load']:g}."
    plot = ["", f"![{name}, beside targets](plots/{name}.svg)"] if has_plot else []
    return [caption, "", *table(medians(runs)), *plot]


def table(rows: Sequence[Row]) -> list[str]:
    """Rows as Markdown, without the columns in which nothing stands."""
    cells = [_cells(row) for row in rows]
    used = [n for n in range(len(_HEADING)) if any(each[n] for each in cells)]
    lines = [_HEADING, tuple("---" for _ in _HEADING), *cells]
    return [_line(each[n] for n in used) for each in lines]


def _line(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _cells(row: Row) -> tuple[str, ...]:
    beside = row.baseline or 0.0
    ratio = f"{row.value / beside:.3g}" if beside > 0 else ""
    value, baseline, target, aim = (
        amount(each, row.unit) for each in (row.value, row.baseline, row.target, row.aim)
    )
    return row.figure.replace("|", "/"), value, baseline, ratio, target, _MET[row.met], aim


def amount(value: float | None, unit: str) -> str:
    """A figure with its unit, shares in percent; empty for none."""
    if value is None:
        return ""
    if unit == "share":
        return amount(100 * value, "%")
    is_whole = value == int(value) or abs(value) >= 10_000
    number = f"{value:,.0f}" if is_whole else f"{value:.4g}"
    return f"{number} {unit}".rstrip()
