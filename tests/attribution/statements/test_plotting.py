"""The interval plot: every point inside its field, in order, and figures on its axes."""

import re
from datetime import date, timedelta
from itertools import pairwise

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from apps.attribution.statements import Plot, Point, plotted

DAY = date(2026, 3, 1)
AMOUNTS = st.integers(-(10**15), 10**15)
THREES = st.tuples(AMOUNTS, AMOUNTS, AMOUNTS).map(sorted)


def point(day: int, low: int | None, saved: int, high: int | None) -> Point:
    return Point(DAY + timedelta(days=day), 100, saved, low, high)


def places(path: str) -> list[tuple[float, float]]:
    return [(float(x), float(y)) for x, y in re.findall(r"(-?[\d.]+) (-?[\d.]+)", path)]


def made(points: list[Point]) -> Plot:
    plot = plotted(points)
    assert plot
    return plot


@settings(suppress_health_check=[HealthCheck.too_slow])  # a busy machine is no fault
@given(st.lists(THREES, min_size=1, max_size=12))
def test_every_line_stays_inside_and_runs_forward(drawn: list[list[int]]) -> None:
    plot = made([point(day, low, saved, high) for day, (low, saved, high) in enumerate(drawn)])
    for path in (plot.band, plot.low, plot.audited):
        assert all(plot.left <= x <= plot.right and 0 <= y <= plot.bottom for x, y in places(path))
    across = [x for x, _ in places(plot.low)]
    assert across == sorted(across)
    assert len(places(plot.band)) == 2 * max(len(drawn), 2)


@given(THREES)
def test_higher_amounts_stand_higher(three: list[int]) -> None:
    low, saved, high = three
    plot = made([point(0, low, saved, high)])
    edges = [places(path)[0][1] for path in (plot.band, plot.audited, plot.low)]
    assert edges == sorted(edges)


def test_figures_on_the_axes_are_round_evenly_apart_and_hold_zero() -> None:
    plot = made(
        [point(day, -3 * 10**9 + day * 10**9, day * 10**9, day * 2 * 10**9) for day in range(9)]
    )
    assert [tick.label for tick in plot.up] == ["$0", "$5", "$10", "$15"]
    gaps = [float(one.at) - float(two.at) for one, two in pairwise(plot.up)]
    assert max(gaps) - min(gaps) < 0.21  # places are shown to a tenth
    assert [tick.at for tick in plot.up if tick.label == "$0"] == [plot.zero]
    assert (plot.across[0].label, plot.across[-1].label) == ("1 Mar 2026", "9 Mar 2026")


def test_a_single_day_has_an_interval_that_can_be_seen() -> None:
    plot = made([point(0, -(10**9), 10**9, 3 * 10**9)])
    [(left, _), (right, _)] = places(plot.low)
    assert (right - left, len(plot.dots)) == (80, 1)


@pytest.mark.parametrize("days", [1, 7, 11, 40])
def test_days_below_the_picture_are_evenly_apart(days: int) -> None:
    plot = made([point(day, -1, 0, 1) for day in (0, days)])
    gaps = [float(two.at) - float(one.at) for one, two in pairwise(plot.across)]
    assert max(gaps) - min(gaps) < 0.21
    assert min(gaps) >= 100


@pytest.mark.parametrize("points", [[], [point(0, None, 5, None)]])
def test_there_is_no_plot_before_a_bound(points: list[Point]) -> None:
    assert plotted(points) is None
