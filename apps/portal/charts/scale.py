"""Where figures stand in a picture, and which of them are written on its axes."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal

from django.utils.safestring import SafeString

from apps.kernel.money import shown_usd
from apps.portal.charts.svg import element

SIZES = {"wide": (900, 280), "narrow": (340, 250)}
# Space around the field for what is written on its axes.
LEFT, RIGHT, TOP, BOTTOM = 84, 12, 12, 28
_LABEL_WIDTH = 92
_WANTED_STEPS = 4
_ROUND = (1, 2, 5, 10)


@dataclass(frozen=True, slots=True)
class Scale:
    """US dollars upwards from `floor` to `ceiling`, whole steps both; `count` places across."""

    width: int
    height: int
    floor: Decimal
    ceiling: Decimal
    step: Decimal
    count: int

    @classmethod
    def around(cls, figures: Sequence[Decimal], count: int, size: tuple[int, int]) -> "Scale":
        """The least that holds all figures and zero."""
        low, high = min((*figures, Decimal(0))), max((*figures, Decimal(0)))
        step = round_step(high - low)
        floor = (low / step).to_integral_value(ROUND_FLOOR) * step
        ceiling = (high / step).to_integral_value(ROUND_CEILING) * step
        return cls(*size, floor, max(ceiling, floor + step), step, max(count, 1))

    @property
    def pitch(self) -> float:
        """Pixels from one place to the next."""
        return (self.width - LEFT - RIGHT) / self.count

    def x(self, place: int) -> float:
        """The middle of a place, from 0."""
        return LEFT + self.pitch * (place + 0.5)

    def y(self, usd: Decimal) -> float:
        """Pixels from the top."""
        share = float((usd - self.floor) / (self.ceiling - self.floor))
        return self.height - BOTTOM - share * (self.height - TOP - BOTTOM)

    def axes(self, labels: Sequence[str]) -> Iterator[SafeString]:
        """Lines and figures of both axes. labels: of the places."""
        for number in range(int((self.ceiling - self.floor) / self.step) + 1):
            yield from self._tick(self.floor + number * self.step)
        for place in self._labelled(len(labels)):
            yield self._label(place, labels)

    def _tick(self, usd: Decimal) -> Iterator[SafeString]:
        at, right = self.y(usd), self.width - RIGHT
        kind = "plot__grid" if usd else "plot__zero"
        yield element("path", class_=kind, d=f"M{LEFT} {at:.1f}H{right}")
        label = shown_usd(usd).removesuffix(".00")
        place = {"x": LEFT - 8, "y": at, "dy": 4, "text_anchor": "end"}
        yield element("text", label, class_="plot__label", **place)  # type: ignore[arg-type]

    def _labelled(self, count: int) -> list[int]:
        """As many places as have room, evenly apart, the first and the last among them."""
        room = max(int((self.width - LEFT) // _LABEL_WIDTH), 2) - 1
        steps = min(room, count - 1)
        return [round((count - 1) * step / max(steps, 1)) for step in range(steps + 1)]

    def _label(self, place: int, labels: Sequence[str]) -> SafeString:
        x = self.x(place)
        is_last = len(labels) > 1 and place == len(labels) - 1
        x, anchor = (self.width - RIGHT, "end") if is_last else (x, "middle")
        return element(
            "text", labels[place], class_="plot__label", x=float(x), y=self.height - 8,
            text_anchor=anchor,
        )  # fmt: skip


def round_step(span: Decimal) -> Decimal:
    """A round number of which about _WANTED_STEPS make the span; 1 cent for nothing."""
    if not span:
        return Decimal("0.01")
    rough = span / _WANTED_STEPS
    unit = Decimal(1).scaleb(rough.adjusted())
    return next(unit * each for each in _ROUND if unit * each >= rough)
