"""Where the lines of the interval plot run: geometry only, drawn by templates/proof/plot.svg."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from apps.attribution.statements.figures import Point, usd
from apps.kernel.money import shown_usd

# Space around the field for the figures on its axes.
_LEFT, _RIGHT, _TOP, _BOTTOM = 64, 14, 12, 28
_STEPS = (1, 2, 5, 10)
_WANTED_STEPS = 4
_LABEL_WIDTH = 110
# Half of what a single day is drawn as, for an interval needs a width to be seen.
_ALONE = 40
_FEW = 45


@dataclass(frozen=True, slots=True)
class Tick:
    """A figure on an axis, and where it stands; anchor: which end of it stands there."""

    at: str
    label: str
    anchor: str = "middle"


@dataclass(frozen=True, slots=True)
class Plot:
    """Paths in SVG's words. band: from low to high; low, audited: lines; dots: where few points
    stand. right, bottom: the field's edges; labels stand outside.
    """

    width: int
    height: int
    band: str
    low: str
    audited: str
    dots: tuple[tuple[str, str], ...]
    zero: str
    left: int
    right: int
    bottom: int
    across: tuple[Tick, ...]
    up: tuple[Tick, ...]


def plotted(points: Sequence[Point], *, width: int = 720, height: int = 280) -> Plot | None:
    """The plot of what is known day by day; None where no day has bounds yet."""
    known = [point for point in points if point.low is not None and point.high is not None]
    return _plot(known, _Field.around(known, width, height)) if known else None


@dataclass(frozen=True, slots=True)
class _Field:
    """Days and nanos to places in the picture. step: between two figures of the upright axis."""

    width: int
    height: int
    first: date
    days: int
    floor: int
    ceiling: int
    step: int

    @classmethod
    def around(cls, known: Sequence[Point], width: int, height: int) -> "_Field":
        lowest = min(0, *(point.low or 0 for point in known))
        highest = max(0, *(point.high or 0 for point in known))
        step = _step((highest - lowest) or 1)
        first = known[0].day
        days = (known[-1].day - first).days
        return cls(width, height, first, days, lowest, max(highest, lowest + step), step)

    def x(self, day: date) -> str:
        if not self.days:
            return _shown((_LEFT + self.width - _RIGHT) / 2)
        share = (day - self.first).days / self.days
        return _shown(_LEFT + share * (self.width - _LEFT - _RIGHT))

    def xs(self, day: date) -> tuple[str, ...]:
        """Where a day's bounds are drawn: at its place, or around it when it is the only one."""
        if self.days:
            return (self.x(day),)
        middle = (_LEFT + self.width - _RIGHT) / 2
        return _shown(middle - _ALONE), _shown(middle + _ALONE)

    def y(self, nanos: int) -> str:
        share = (nanos - self.floor) / (self.ceiling - self.floor)
        return _shown(self.height - _BOTTOM - share * (self.height - _TOP - _BOTTOM))


def _plot(known: Sequence[Point], field: _Field) -> Plot:
    low = [f"{x} {field.y(point.low or 0)}" for point in known for x in field.xs(point.day)]
    high = [f"{x} {field.y(point.high or 0)}" for point in known for x in field.xs(point.day)]
    audited = [f"{x} {field.y(point.audited)}" for point in known for x in field.xs(point.day)]
    dots = [(field.x(point.day), field.y(point.audited)) for point in known]
    return Plot(
        width=field.width,
        height=field.height,
        band=f"M{'L'.join([*high, *reversed(low)])}Z",
        low=f"M{'L'.join(low)}",
        audited=f"M{'L'.join(audited)}",
        dots=tuple(dots) if len(known) <= _FEW else (),
        zero=field.y(0),
        left=_LEFT,
        right=field.width - _RIGHT,
        bottom=field.height - _BOTTOM,
        across=tuple(_across(field)),
        up=tuple(_up(field)),
    )


def _across(field: _Field) -> Iterator[Tick]:
    """As many days as have room, evenly apart, from the first on."""
    room = max((field.width - _LEFT) // _LABEL_WIDTH, 2) - 1
    for number in range(0, field.days + 1, -(-field.days // room) or 1):
        day = field.first + timedelta(days=number)
        anchors = {0: "start", field.days: "end"} if field.days else {}
        yield Tick(field.x(day), f"{day:%-d %b %Y}", anchors.get(number, "middle"))


def _up(field: _Field) -> Iterator[Tick]:
    lowest = -(-field.floor // field.step) * field.step
    for nanos in range(lowest, field.ceiling + 1, field.step):
        yield Tick(field.y(nanos), _dollars(nanos))


def _dollars(nanos: int) -> str:
    text = shown_usd(usd(nanos))
    return text.removesuffix(".00")


def _step(span: int) -> int:
    """A round number of which about _WANTED_STEPS make the span."""
    rough = max(span // _WANTED_STEPS, 1)
    unit = int("1".ljust(len(str(rough)), "0"))
    return next(unit * each for each in _STEPS if unit * each >= rough)


def _shown(place: float) -> str:
    """A tenth of a pixel, and no more digits than that."""
    return f"{Decimal(place):.1f}"
