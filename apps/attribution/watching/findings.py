"""What is known of a period's quality, and which levers must not go on."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from math import isfinite
from typing import Any

from apps.attribution.estimators import Finding, Guard, judge
from apps.attribution.watching.metrics import METRICS, Metric
from apps.attribution.watching.watch import ALL, Track, Watch

# Of all guards of a period together, at every look: half for all levers, half for each alone.
ALPHA = 0.05
MOST_LEVERS = 7
_BOUNDED = sum(metric.is_bounded for metric in METRICS)
_PLACES = 6


@dataclass(frozen=True, slots=True)
class Reading:
    """One metric of one lever, or of ALL."""

    lever: str
    metric: Metric
    track: Track
    finding: Finding

    @property
    def is_breach(self) -> bool:
        return self.metric.is_bounded and self.finding.must_pause

    def to_dict(self) -> dict[str, Any]:
        """In the metric's unit; means of the arms are of the units that were seen."""
        finding = self.finding
        return {
            "lever": self.lever or None,
            "metric": self.metric.name,
            "unit": self.metric.unit,
            "is_lower_better": self.metric.is_lower_better,
            "holdout": self._arm(self.track.held_out),
            "treatment": self._arm(self.track.treated),
            "harm": self._shown(finding.harm),
            "low": self._shown(finding.low),
            "high": self._shown(finding.high),
            "tolerated": self._shown(finding.guard.tolerated) if self.metric.is_bounded else None,
            "verdict": finding.verdict if self.metric.is_bounded else "watched",
        }

    def _arm(self, arm: list[int]) -> dict[str, Any]:
        count, total = arm
        return {"units": count, "mean": self._shown(total / count) if count else None}

    def _shown(self, parts: float) -> float | None:
        return round(parts / self.metric.parts, _PLACES) if isfinite(parts) else None


def findings(watch: Watch, bound: Decimal) -> list[Reading]:
    """Everything that is known, all levers together first. bound: the customer's, a share."""
    return [_reading(watch, *key, bound) for key in sorted(watch.tracks, key=_order)]


def breached_levers(readings: Iterable[Reading]) -> dict[str, Reading]:
    """Lever → the reading for which it must pause: its own, else that of all levers together, for
    then nobody knows which of them it is.
    """
    given = list(readings)
    shared = next((each for each in given if each.lever == ALL and each.is_breach), None)
    own = {each.lever: each for each in reversed(given) if each.lever != ALL and each.is_breach}
    if own or shared is None:
        return own
    return {each.lever: shared for each in given if each.lever != ALL and each.track.treated[0]}


def _reading(watch: Watch, lever: str, name: str, bound: Decimal) -> Reading:
    metric, track = _METRICS[name], watch.tracks[lever, name]
    sharing = 1 if lever == ALL else MOST_LEVERS
    alpha = ALPHA / 2 / _BOUNDED / sharing if metric.is_bounded else ALPHA
    tolerated = float(bound) * metric.parts if metric.is_bounded else 0.0
    guard = Guard(name, metric.is_lower_better, tolerated, alpha)
    return Reading(lever, metric, track, judge(track.sums, guard))


def _order(key: tuple[str, str]) -> tuple[str, int]:
    return key[0], list(_METRICS).index(key[1])


_METRICS = {metric.name: metric for metric in METRICS}
