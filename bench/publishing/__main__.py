"""Writes the figures of docs/ anew from the runs that were kept: python -m bench.publishing.

docs/figures/NAME.json → the table of NAME in docs/benchmarks.md (of the soak in
docs/reliability.md) and docs/plots/NAME.svg. What stands outside the markers stays.
"""

import ast
import json
import sys
from pathlib import Path

from bench.publishing.pages import marked, with_figures, with_machine, with_section
from bench.publishing.plots import beside_targets, over_time
from bench.publishing.runs import Run, kept_runs, medians
from netra.launch.benching import benchmarks
from netra.launch.places import CHECKOUT, Places

PAGES = ("benchmarks.md", "reliability.md")
TIMELINE = "soak-timeline"


def publish(docs: Path, names: list[str]) -> None:
    """Write pages and plots below `docs`. names: of all benchmarks."""
    runs = {name: kept_runs(name, folder=docs / "figures") for name in names}
    plotted = {name for name in names if runs[name] and _plot(docs, name, runs[name])}
    newest = max((own[-1] for own in runs.values() if own), key=_date, default=None)
    elsewhere = {name for page in PAGES[1:] for name in marked(_text(docs / page))}
    for page in PAGES:
        text = _text(docs / page)
        for name in names if page == PAGES[0] else ():
            if name not in elsewhere:
                text = with_section(text, name, _what(name))
        for name in (name for name in marked(text) if runs.get(name)):
            text = with_figures(text, name, runs[name], has_plot=name in plotted)
        if newest:
            text = with_machine(text, newest)
        (docs / page).write_text(text)
    _plot_timeline(docs)


def _plot(docs: Path, name: str, runs: list[Run]) -> bool:
    drawn = beside_targets(name, medians(runs))
    if drawn:
        (docs / "plots").mkdir(exist_ok=True)
        (docs / "plots" / f"{name}.svg").write_text(drawn)
    return drawn is not None


def _plot_timeline(docs: Path) -> None:
    path = docs / "figures" / f"{TIMELINE}.json"
    if path.exists():
        drawn = over_time("Soak", json.loads(path.read_text()))
        (docs / "plots" / f"{TIMELINE}.svg").write_text(drawn)


def _date(run: Run) -> str:
    return str(run["date"])


def _text(path: Path) -> str:
    return path.read_text()


def _what(name: str) -> str:
    """The first sentence of what the benchmark says of itself."""
    bench = CHECKOUT / "bench"
    path = bench / f"{name}.py"
    source = path if path.exists() else bench / name / "__init__.py"
    said = ast.get_docstring(ast.parse(source.read_text())) or ""
    return " ".join(said.split("\n\n")[0].split())


if __name__ == "__main__":
    publish(CHECKOUT / "docs", benchmarks(Places.of(CHECKOUT)))
    sys.exit(0)
