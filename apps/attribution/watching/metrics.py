"""What is watched of a unit, in whole numbers."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

SHARE = 10**6


@dataclass(frozen=True, slots=True)
class Metric:
    """parts: whole numbers that make one of `unit`. expected: of any unit, before one is known.
    cap: more counts as so much. is_bounded: whether the customer's quality bound is about it.
    """

    name: str
    unit: Literal["share", "score", "ms", "tokens"]
    parts: int
    is_lower_better: bool
    expected: int
    cap: int
    is_bounded: bool = False


# The bound is a share of answers that may be worse, so that it holds for shares. How long an answer
# takes and how many words it has are shown with their intervals, and nobody bounds them.
METRICS = (
    Metric("errors", "share", SHARE, True, SHARE // 10, SHARE, is_bounded=True),
    Metric("feedback", "score", SHARE, False, SHARE // 2, SHARE, is_bounded=True),
    Metric("latency", "ms", 1_000, True, 2_000_000, 600_000_000),
    Metric("length", "tokens", 1, True, 500, 1_000_000),
)


@dataclass(frozen=True, slots=True)
class Watched:
    """A unit that is over. levers: that acted in it or, held out, would have. values: by metric's
    name, in its parts; a unit that nobody rated has no feedback.
    """

    is_treated: bool
    is_triggered: bool
    stratum: int
    levers: frozenset[str]
    values: Mapping[str, int]
