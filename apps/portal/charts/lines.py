"""Two lines over time and what lies between them."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.utils.safestring import SafeString

from apps.portal.charts.scale import BOTTOM, SIZES, TOP, Scale
from apps.portal.charts.svg import Said, element, joined, picture

# More points than this need no dots to be seen.
_FEW = 45


@dataclass(frozen=True, slots=True)
class Span:
    """One place of time. upper, lower: US dollars; either may be the greater. told: for a mouse."""

    label: str
    upper: Decimal
    lower: Decimal
    told: str


def spans(said: Said, given: Sequence[Span]) -> Mapping[str, SafeString]:
    """The upper line dashed, the lower one solid, and the band between: a picture for each size."""
    figures = [usd for each in given for usd in (each.upper, each.lower)]
    return {
        kind: _drawn(said, given, Scale.around(figures, len(given), size), kind)
        for kind, size in SIZES.items()
    }


def _drawn(said: Said, given: Sequence[Span], scale: Scale, kind: str) -> SafeString:
    upper = [(scale.x(place), scale.y(each.upper)) for place, each in enumerate(given)]
    lower = [(scale.x(place), scale.y(each.lower)) for place, each in enumerate(given)]
    parts = [
        *scale.axes([each.label for each in given]),
        element("path", class_="plot__band", d=f"M{_path([*upper, *reversed(lower)])}Z"),
        element("path", class_="plot__upper", d=f"M{_path(upper)}"),
        element("path", class_="plot__lower", d=f"M{_path(lower)}"),
        *_dots(upper, "plot__dot--upper"),
        *_dots(lower, "plot__dot--lower"),
        joined(_listeners(given, scale)),
    ]
    return picture(said, (scale.width, scale.height), kind, parts)


def _path(points: Iterable[tuple[float, float]]) -> str:
    return "L".join(f"{x:.1f} {y:.1f}" for x, y in points)


def _dots(points: Sequence[tuple[float, float]], kind: str) -> Iterator[SafeString]:
    if len(points) <= _FEW:
        for x, y in points:
            yield element("circle", class_=f"plot__dot {kind}", cx=x, cy=y, r=2.5)


def _listeners(given: Sequence[Span], scale: Scale) -> Iterator[SafeString]:
    """Strips over the whole height that tell a mouse what stands there."""
    for place, each in enumerate(given):
        yield element(
            "rect", element("title", each.told), class_="plot__strip",
            x=scale.x(place) - scale.pitch / 2, y=TOP, width=scale.pitch,
            height=scale.height - TOP - BOTTOM,
        )  # fmt: skip
