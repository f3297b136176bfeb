"""From counts and labels of one namespace to the threshold from which on a lever may act."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from apps.optimization.certifying.sequence import Evidence, Step, steps_tested

# A score is counted by its hundredths, rounded down; thresholds are the same hundredths.
STRICTEST = 100


@dataclass(frozen=True, slots=True)
class Label:
    """One comparison that was judged."""

    score: float
    is_wrong: bool


@dataclass(frozen=True, slots=True)
class Fitted:
    """The certified threshold, None: there is none; and each threshold that was tested for it."""

    threshold: float | None
    steps: Sequence[tuple[float, Step]]

    @property
    def deciding(self) -> Step | None:
        """The test that the threshold rests on."""
        return next((step for at, step in self.steps if at == self.threshold), None)


def hundredths(score: float) -> int:
    """As scores are counted: what floats lose of a hundredth is given back first."""
    return int((score + 1e-9) * 100 // 1)


def fitted_threshold(
    scores: Mapping[int, int],
    labels: Iterable[Label],
    *,
    requests: int,
    below: float | None,
    bound: float,
    hit_bound: float,
    error_rate: float,
) -> Fitted:
    """The least threshold that keeps wrong answers per request within `bound`, and per served
    answer within `hit_bound`, both with `error_rate`.

    scores: hundredths → requests whose candidate had such a score, of `requests` in all. below:
    only thresholds below it are tested, since it holds already; None: all from 1.0 down to 0.
    """
    first = STRICTEST if below is None else hundredths(below) - 1
    grid = range(first, -1, -1)
    evidence = _sums(grid, scores, labels)
    steps = steps_tested(
        evidence, requests=max(requests, 1), bound=bound, hit_bound=hit_bound, error_rate=error_rate
    )
    named = [(grid[step.number] / 100, step) for step in steps]
    held = [threshold for threshold, step in named if step.holds]
    return Fitted(held[-1] if held else below, named)


def _sums(
    grid: Sequence[int], scores: Mapping[int, int], labels: Iterable[Label]
) -> list[Evidence]:
    """What lies at or above each threshold, of which there are few."""
    labelled, wrong = Counter[int](), Counter[int]()
    for each in labels:
        place = hundredths(each.score)
        labelled[place] += 1
        wrong[place] += each.is_wrong
    return [Evidence(*(_above(least, of) for of in (scores, labelled, wrong))) for least in grid]


def _above(least: int, counts: Mapping[int, int]) -> int:
    return sum(count for score, count in counts.items() if score >= least)
