"""Bars of several parts: what is above zero stands on it, what is below hangs from it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.utils.safestring import SafeString

from apps.portal.charts.scale import SIZES, Scale
from apps.portal.charts.svg import Said, element, picture

_GAP_SHARE, _WIDEST = 0.25, 56.0


@dataclass(frozen=True, slots=True)
class Stack:
    """One bar. parts: number of the series, from 1, its US dollars, and what a mouse is told."""

    label: str
    parts: Sequence[tuple[int, Decimal, str]]


def stacked_bars(said: Said, given: Sequence[Stack]) -> Mapping[str, SafeString]:
    """A picture for each size. Parts are stacked in the order in which they come."""
    ends = [end for each in given for end in _ends(each)]
    return {
        kind: _drawn(said, given, Scale.around(ends, len(given), size), kind)
        for kind, size in SIZES.items()
    }


def _ends(stack: Stack) -> tuple[Decimal, Decimal]:
    """How far a bar goes down and up."""
    amounts = [usd for _, usd, _ in stack.parts]
    low = sum((usd for usd in amounts if usd < 0), Decimal(0))
    return low, sum((usd for usd in amounts if usd > 0), Decimal(0))


def _drawn(said: Said, given: Sequence[Stack], scale: Scale, kind: str) -> SafeString:
    bars = [bar for place, each in enumerate(given) for bar in _bar(each, place, scale)]
    parts = [*scale.axes([each.label for each in given]), *bars]
    return picture(said, (scale.width, scale.height), kind, parts)


def _bar(stack: Stack, place: int, scale: Scale) -> Iterator[SafeString]:
    width = min(scale.pitch * (1 - _GAP_SHARE), _WIDEST)
    left = scale.x(place) - width / 2
    ends = {True: Decimal(0), False: Decimal(0)}
    for series, usd, told in stack.parts:
        start = ends[usd > 0]
        ends[usd > 0] = end = start + usd
        top, bottom = sorted((scale.y(start), scale.y(end)))
        yield element(
            "rect", element("title", told), class_=f"plot__part plot__part--{series}",
            x=left, y=top, width=width, height=bottom - top,
        )  # fmt: skip
