"""Figures stand in the pages as they were kept; what people wrote beside them stays."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from bench.publishing.__main__ import PAGES, publish
from bench.publishing.pages import amount, marked, with_figures, with_machine, with_section
from bench.publishing.plots import beside_targets, over_time
from bench.publishing.runs import keep_run, kept_runs, medians
from bench.rows import Row
from netra.launch.benching import benchmarks
from netra.launch.places import CHECKOUT, Places

PAGE = """# Benchmarks

<!-- machine -->
<!-- /machine -->

## `tenants`: written by hand

Why it is measured.

<!-- figures: tenants -->
old
<!-- /figures -->

What follows from it.
"""
ROWS = [
    Row("first | figure", 12_345.6, "µs", 10_000.0, 15_000.0, True),
    Row("second", 0.25, "s", None, 0.2, False),
    Row("third", 3.0, ""),
]
RUN: dict[str, Any] = {
    "date": "2026-11-21", "commit": "abc1234", "is_quick": False,
    "machine": {"cpu": "A processor", "cores": 2, "memory_gb": 8, "load": 0.5},
    "versions": {"Python": "3.11.7", "Postgres": "18.6"},
    "rows": [asdict(row) for row in ROWS],
}  # fmt: skip
QUICK = RUN | {"is_quick": True}
NAMES = benchmarks(Places.of(CHECKOUT))


def page_of(runs: Sequence[Any], page: str = PAGE) -> str:
    return with_figures(page, "tenants", runs, has_plot=True)


def test_figures_take_the_place_between_their_markers() -> None:
    page = page_of([RUN])
    assert page.split("<!-- figures: tenants whole -->\n")[1].split("<!-- /figures -->")[0] == (
        "2026-11-21, commit `abc1234`; load of the machine 0.5.\n\n"
        "| figure | value | baseline | ratio | target | met |\n"
        "| --- | --- | --- | --- | --- | --- |\n"
        "| first / figure | 12,346 µs | 10,000 µs | 1.23 | 15,000 µs | yes |\n"
        "| second | 0.25 s |  |  | 0.2 s | **no** |\n"
        "| third | 3 |  |  |  |  |\n\n"
        "![tenants, beside targets](plots/tenants.svg)\n"
    )
    assert page.startswith(PAGE.partition("<!-- figures")[0])
    assert page.endswith("\nWhat follows from it.\n")


def test_the_same_runs_make_the_same_page_again() -> None:
    page = page_of([RUN])
    assert page_of([RUN], page) == page
    assert with_machine(with_machine(page, RUN), RUN) == with_machine(page, RUN)


def test_a_quick_run_does_not_take_a_whole_ones_place() -> None:
    whole, quick = page_of([RUN]), page_of([QUICK])
    assert page_of([QUICK], whole) == whole
    assert page_of([RUN], quick) == whole
    assert "`--quick`" in quick


def test_columns_in_which_nothing_stands_are_left_out() -> None:
    lone = RUN | {"rows": [asdict(ROWS[2])]}
    assert "| figure | value |\n| --- | --- |\n| third | 3 |" in page_of([lone])


def test_the_machine_is_said_once() -> None:
    page = with_machine(PAGE, RUN)
    assert "- A processor, 2 cores, 8 GB of memory\n- Python 3.11.7, Postgres 18.6\n" in page


def test_several_runs_are_shown_by_their_medians() -> None:
    rows = [[asdict(Row("one", value, "s", value * 2, 2.0, value <= 2))] for value in (1, 9, 2)]
    runs = [RUN | {"rows": each} for each in rows]
    assert medians(runs) == [Row("one", 2, "s", 4, 2.0, True)]
    assert "medians of 3 runs" in page_of(runs)


def test_parts_of_figures_that_share_a_name_stay_themselves() -> None:
    rows = [[Row("- p99", value, "ms"), Row("- p99", 7 * value, "ms")] for value in (1, 2, 3)]
    runs = [RUN | {"rows": [asdict(each) for each in of_run]} for of_run in rows]
    assert medians(runs) == [Row("- p99", 2, "ms"), Row("- p99", 14, "ms")]


def test_a_benchmark_without_a_place_gets_one() -> None:
    page = with_section(PAGE, "limits", "What limits cost.")
    assert marked(page) == ["tenants", "limits"]
    assert with_section(page, "limits", "What limits cost.") == page


def test_runs_of_one_commit_stay_together_and_quick_ones_give_way(tmp_path: Path) -> None:
    keep_run("x", ROWS, is_quick=True, folder=tmp_path)
    keep_run("x", ROWS, is_quick=True, folder=tmp_path)
    assert [run["is_quick"] for run in kept_runs("x", folder=tmp_path)] == [True, True]
    keep_run("x", ROWS, is_quick=False, folder=tmp_path)
    keep_run("x", ROWS[:1], is_quick=True, folder=tmp_path)
    [run] = kept_runs("x", folder=tmp_path)
    assert (run["is_quick"], [Row(**row) for row in run["rows"]]) == (False, ROWS)
    assert {"cpu", "cores", "memory_gb", "load"} == set(run["machine"])
    assert run["versions"]["Python"].startswith("3.11")


def test_plots_are_documents_that_say_what_they_show() -> None:
    drawn = beside_targets("tenants", ROWS)
    assert drawn is not None
    timed = {
        "step_s": 5.0, "seconds": 60.0, "calls": {"right": [1.0, 2.0], "cut": [0.0, 0.5]},
        "kills": [[12.0, "web"]], "memory": {"web": [[0.0, 90.0], [30.0, 95.0]]},
    }  # fmt: skip
    for text in (drawn, over_time("Soak", timed)):
        root = ElementTree.fromstring(text)  # noqa: S314  (our own)
        assert root.tag.endswith("svg")
        assert (root[0].text or "") != ""
    assert beside_targets("tenants", ROWS[2:]) is None
    assert beside_targets("tenants", [Row("added", 3.7, "ms", -0.2), Row("none", 0, "")]) is None


@pytest.mark.parametrize(
    ("value", "unit", "said"),
    [(None, "s", ""), (0.0, "", "0"), (12_345.6, "µs", "12,346 µs"), (1.23456, "ms", "1.235 ms")],
)
def test_amounts_are_short(value: float | None, unit: str, said: str) -> None:
    assert amount(value, unit) == said


def test_every_benchmark_has_one_place_in_the_pages() -> None:
    pages = [(CHECKOUT / "docs" / page).read_text() for page in PAGES]
    assert sorted(name for page in pages for name in marked(page)) == NAMES


def test_the_pages_are_those_that_the_kept_runs_make(tmp_path: Path) -> None:
    (tmp_path / "figures").mkdir()
    for page in PAGES:
        (tmp_path / page).write_text((CHECKOUT / "docs" / page).read_text())
    for path in (CHECKOUT / "docs" / "figures").glob("*.json"):
        (tmp_path / "figures" / path.name).write_text(path.read_text())
    publish(tmp_path, NAMES)
    for page in PAGES:
        assert (tmp_path / page).read_text() == (CHECKOUT / "docs" / page).read_text()
    for plot in (tmp_path / "plots").glob("*.svg"):
        assert plot.read_text() == (CHECKOUT / "docs" / "plots" / plot.name).read_text()


def test_what_is_kept_is_json_of_rows() -> None:
    for path in (CHECKOUT / "docs" / "figures").glob("*.json"):
        if "timeline" not in path.name:
            runs = json.loads(path.read_text())["runs"]
            assert [[Row(**row) for row in run["rows"]] for run in runs]


def test_shares_are_told_in_percent_and_aims_beside_targets() -> None:
    served = Row("served", 0.193, "share", 0.127, 0.12, True, 0.4)
    page = page_of([RUN | {"rows": [asdict(served)]}])
    assert "| met | aim |\n" in page
    assert "| served | 19.3 % | 12.7 % | 1.52 | 12 % | yes | 40 % |" in page
