"""What is kept of the units of a period: a track for each lever and metric, and one for all."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any, Self

import numpy as np

from apps.attribution.estimators import Batch, Model, Ratios, Terms, quality_sums
from apps.attribution.sequences import Sums
from apps.attribution.watching.metrics import METRICS, Metric, Watched

ALL = ""  # all levers together


@dataclass(slots=True)
class Track:
    """held_out, treated: [units, sum of the metric]. sums: of its fall, see `quality_sums`."""

    model: Model = field(default_factory=Model)
    sums: Sums = field(default_factory=Sums)
    held_out: list[int] = field(default_factory=lambda: [0, 0])
    treated: list[int] = field(default_factory=lambda: [0, 0])

    def add(self, metric: Metric, units: Sequence[Watched], holdout_bp: int) -> None:
        """Score a batch by what earlier ones taught, count it, and learn from it."""
        batch = _batch(metric, units)
        self.sums += quality_sums(self.model, batch, Terms(holdout_bp, metric.cap))
        for unit, value in zip(units, batch.outcome.tolist(), strict=True):
            arm = self.treated if unit.is_treated else self.held_out
            arm[0], arm[1] = arm[0] + 1, arm[1] + value


@dataclass(slots=True)
class Watch:
    """Of one period. tracks: by lever, or ALL, and the metric's name."""

    tracks: dict[tuple[str, str], Track] = field(default_factory=dict)

    def add(self, units: Iterable[Watched], holdout_bp: int) -> None:
        """Add units that closed together, those that a lever would have touched, in either arm."""
        triggered = [unit for unit in units if unit.is_triggered]
        for lever, found in _by_lever(triggered):
            for metric in METRICS:
                known = [unit for unit in found if metric.name in unit.values]
                if known:
                    track = self.tracks.setdefault((lever, metric.name), Track())
                    track.add(metric, known, holdout_bp)

    def next_period(self) -> "Watch":
        """What was learnt, and nothing counted: each period is judged by its own units."""
        models = {key: Track(deepcopy(track.model)) for key, track in self.tracks.items()}
        return Watch(models)

    def to_dict(self) -> dict[str, Any]:
        """Lists, strings and whole numbers."""
        return {"tracks": [[*key, *_track_to_list(self.tracks[key])] for key in self.tracks]}

    @classmethod
    def from_dict(cls, plain: Mapping[str, Any]) -> Self:
        """The inverse of `to_dict`."""
        return cls({(row[0], row[1]): _track_from_list(row[2:]) for row in plain["tracks"]})


def _by_lever(units: Sequence[Watched]) -> Iterator[tuple[str, list[Watched]]]:
    if units:
        yield ALL, list(units)
    for lever in sorted({lever for unit in units for lever in unit.levers}):
        yield lever, [unit for unit in units if lever in unit.levers]


def _batch(metric: Metric, units: Sequence[Watched]) -> Batch:
    values = [min(unit.values[metric.name], metric.cap) for unit in units]
    expected = np.full(len(units), metric.expected, np.int64)
    return Batch(
        is_treated=np.array([unit.is_treated for unit in units], bool),
        is_triggered=np.ones(len(units), bool),
        outcome=np.array(values, np.int64),
        expected_plain=expected,
        expected_levered=expected,
        claimed=expected,
        strata=np.array([unit.stratum for unit in units], np.int64),
    )


def _track_to_list(track: Track) -> list[Any]:
    ratios = [each.to_list() for each in (track.model.plain, track.model.levered)]
    return [ratios, track.sums.to_list(), track.held_out, track.treated]


def _track_from_list(plain: Sequence[Any]) -> Track:
    (plain_ratios, levered), sums, held_out, treated = plain
    model = Model(Ratios.from_list(plain_ratios), Ratios.from_list(levered))
    return Track(model, Sums.from_list(sums), list(held_out), list(treated))
