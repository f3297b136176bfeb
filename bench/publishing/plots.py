"""Plots as SVG text: pure, without any library, readable on light and dark pages."""

from collections.abc import Iterator, Mapping, Sequence
from html import escape
from math import log10
from typing import Any

from bench.rows import Row

_WIDTH, _LEFT, _RIGHT, _LINE = 760, 380, 70, 22
_DECADES = (-2.0, 2.0)
_INK, _FAINT, _PAPER = "#1f2933", "#9aa5b1", "#ffffff"
_GOOD, _BAD, _PLAIN = "#0b7285", "#c92a2a", "#868e96"
_CALLS = {"right": "#0b7285", "error": "#e8a33d", "cut": "#c92a2a"}
_HEIGHT, _GAP, _MARGIN = 150, 46, 54
_LANES = 9


def _shell(width: float, height: float, title: str, body: Iterator[str]) -> str:
    """An SVG document with a title for those who do not see it."""
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:g} {height:g}" '
        f'role="img" font-family="sans-serif" font-size="12" fill="{_INK}">\n'
        f"<title>{escape(title)}</title>\n"
        f'<rect width="100%" height="100%" fill="{_PAPER}"/>\n' + "\n".join(body) + "\n</svg>\n"
    )


def _text(x: float, y: float, text: str, *, anchor: str = "start", fill: str = _INK) -> str:
    place = f'x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" fill="{fill}"'
    return f"<text {place}>{escape(text)}</text>"


def _rule(x1: float, y1: float, x2: float, y2: float, stroke: str) -> str:
    return f'<path d="M{x1:.1f} {y1:.1f}L{x2:.1f} {y2:.1f}" stroke="{stroke}" fill="none"/>'


# ---- figures beside what they must be


def beside_targets(name: str, rows: Sequence[Row]) -> str | None:
    """A bar for each figure: how much of its target (else of its baseline) it is, on a scale of
    powers of ten; None where no figure has either.
    """
    shares = [(row, share) for row in rows if (share := _share(row)) is not None]
    if not shares:
        return None
    height = _LINE * len(shares) + 2 * _LINE
    title = f"{name}: each figure as a multiple of its target, else of its baseline"
    return _shell(_WIDTH, height, title, _bars(shares, height))


def _share(row: Row) -> float | None:
    beside = row.target or row.baseline
    share = row.value / beside if beside else 0.0
    return share if share > 0 else None  # a difference of times may be below zero


def _bars(shares: Sequence[tuple[Row, float]], height: float) -> Iterator[str]:
    one = _place(1.0)
    for power in range(int(_DECADES[0]), int(_DECADES[1]) + 1):
        x = _place(10.0**power)
        yield _rule(x, _LINE, x, height - _LINE / 2, _INK if power == 0 else "#e4e7eb")
        yield _text(x, _LINE * 0.7, f"{10.0**power:g} x", anchor="middle", fill=_FAINT)
    for number, (row, share) in enumerate(shares):
        y, x = _LINE * (number + 1.25), _place(share)
        colour = {True: _GOOD, False: _BAD, None: _PLAIN}[row.met]
        yield _text(_LEFT - 8, y + 12, _short(row.figure), anchor="end")
        place = f'x="{min(one, x):.1f}" y="{y:.1f}" width="{max(1.0, abs(x - one)):.1f}"'
        yield f'<rect {place} height="14" fill="{colour}"/>'
        yield _text(_WIDTH - _RIGHT + 6, y + 12, f"{share:.3g} x")


def _place(share: float) -> float:
    low, high = _DECADES
    at = (min(max(log10(share), low), high) - low) / (high - low)
    return _LEFT + at * (_WIDTH - _LEFT - _RIGHT)


def _short(text: str, most: int = 50) -> str:
    return text if len(text) <= most else f"{text[: most - 1]}…"


# ---- a run over time


def over_time(name: str, run: Mapping[str, Any]) -> str:
    """Calls a second by how they ended, what was killed when, and the memory of each part.

    run: as `bench.soaking.timeline` makes it.
    """
    height = 2 * _HEIGHT + _LANES * 13 + 3 * _GAP
    return _shell(_WIDTH, height, f"{name}: calls, kills and memory over time", _panels(run))


def _panels(run: Mapping[str, Any]) -> Iterator[str]:
    seconds = run["seconds"]
    calls = {name: run["calls"][name] for name in _CALLS if name in run["calls"]}
    most = max((value for own in calls.values() for value in own), default=1.0)
    yield _text(_MARGIN, 16, "calls a second, by how they ended")
    yield from _frame(24.0, most, "")
    for number, (name, own) in enumerate(calls.items()):
        points = [[place * run["step_s"], value] for place, value in enumerate(own)]
        yield _curve(points, seconds, 24.0, most, _CALLS[name])
        yield _text(300 + 90 * number, 16, name, fill=_CALLS[name])
    yield from _kills(run, 24.0 + _HEIGHT + 22)
    yield from _memory(run, 24.0 + _HEIGHT + 34 + 13 * _LANES)


def _kills(run: Mapping[str, Any], top: float) -> Iterator[str]:
    names = sorted({name for _, name in run["kills"]})[:_LANES]
    for lane, name in enumerate(names):
        y = top + 13 * lane
        yield _text(_WIDTH - _RIGHT + 6, y + 4, _short(name, 9), fill=_FAINT)
        for at, what in run["kills"]:
            if what == name:
                x = _across(at, run["seconds"])
                yield f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{_BAD}"/>'
    yield _text(_MARGIN, top - 8, "killed", fill=_FAINT)


def _memory(run: Mapping[str, Any], top: float) -> Iterator[str]:
    memory = run["memory"]
    most = max((mb for own in memory.values() for _, mb in own), default=1.0)
    yield _text(_MARGIN, top, "memory of a process, MB")
    yield from _frame(top + 8, most, "")
    for number, (name, points) in enumerate(sorted(memory.items())):
        shade = f"hsl({number * 47 % 360} 60% 38%)"
        yield _curve(points, run["seconds"], top + 8, most, shade)
        if points:
            y = top + 8 + _HEIGHT * (1 - points[-1][1] / most)
            yield _text(_WIDTH - _RIGHT + 6, y + 4, _short(name, 9), fill=shade)


def _frame(top: float, most: float, unit: str) -> Iterator[str]:
    for share in (0.0, 0.5, 1.0):
        y = top + _HEIGHT * (1 - share)
        yield _rule(_MARGIN, y, _WIDTH - _RIGHT, y, "#e4e7eb")
        yield _text(_MARGIN - 6, y + 4, f"{most * share:.0f}{unit}", anchor="end", fill=_FAINT)


def _curve(
    points: Sequence[Sequence[float]], seconds: float, top: float, most: float, stroke: str
) -> str:
    places = (
        f"{_across(at, seconds):.1f} {top + _HEIGHT * (1 - value / most):.1f}"
        for at, value in points
        if 0 <= at <= seconds
    )
    path = "L".join(places)
    return f'<path d="M{path}" stroke="{stroke}" fill="none"/>' if path else ""


def _across(at: float, seconds: float) -> float:
    return _MARGIN + at / seconds * (_WIDTH - _RIGHT - _MARGIN)
