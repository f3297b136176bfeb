"""Worlds whose true saving is known: what is drawn, what is planted."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from apps.attribution.estimators import Batch

MEAN = 1_000_000  # nano US dollars: what a unit costs on average
CLUSTER = 20  # units that share the luck of one customer
HOLDOUT_BP = 1_000
Floats = NDArray[np.float64]
Tail = Literal["log-normal", "pareto"]


@dataclass(frozen=True, slots=True)
class World:
    """A third of all cost is saved: nearly all of the cost of `triggered` of the units.

    Costs: log-normal with sigma 1.6, of which 0.5 is noise that nothing foretells; or Pareto noise
    of index 2.2 on a log-normal expectation. drift_to: share triggered at the end. is_clustered:
    units share luck by twenties, as storms of retries do. What is planted acts on triggered units:
    overclaim: the ledger's saving is that much too high; retries: share of treated units that are
    asked again at full price, which the ledger counts twice; wordier: the cheap model writes that
    much more, which the ledger prices at the dear model's rate; leak: the holdout's cost falls by
    that share, because treated units warm its caches.
    """

    saving: float = 0.95
    triggered: float = 0.35
    tail: Tail = "log-normal"
    drift_to: float | None = None
    is_clustered: bool = False
    overclaim: float = 0.0
    retries: float = 0.0
    wordier: float = 0.0
    leak: float = 0.0

    def draw(
        self, generator: np.random.Generator, count: int, progress: float
    ) -> tuple[Batch, float]:
        """A batch, and what was truly saved on treated units, in expectation over the draw.

        progress: of the experiment, 0 to 1.
        """
        expected, untouched = self._costs(generator, count)
        acts = generator.random(count) < self._triggered(progress)
        treated = generator.random(count) >= HOLDOUT_BP / 10_000
        is_retried = generator.random(count) < self.retries
        levered = untouched * (1 - self.saving + is_retried)
        ledger = untouched + (untouched - levered) * self.overclaim
        ledger += untouched * (is_retried + self.wordier * _OUTPUT_SHARE)
        held_out = untouched * (1 - self.leak * acts)
        batch = Batch(
            treated,
            acts,
            _whole(np.where(treated, np.where(acts, levered, untouched), held_out)),
            _whole(expected),
            _whole(expected * (1 - _BELIEVED)),
            _whole(np.where(treated & acts, ledger, untouched)),
            generator.integers(0, 3, count),
        )
        saved = float(((held_out - levered) * acts).sum())
        return batch, saved * (1 - HOLDOUT_BP / 10_000)

    def _triggered(self, progress: float) -> float:
        if self.drift_to is None:
            return self.triggered
        return self.triggered + (self.drift_to - self.triggered) * progress

    def _costs(self, generator: np.random.Generator, count: int) -> tuple[Floats, Floats]:
        """What was expected of each unit, and what it costs untouched."""
        if self.tail == "pareto":
            expected = MEAN * _log_normal(generator, 0.8, count)
            noise = (1 + generator.pareto(2.2, count)) * (1.2 / 2.2)
        else:
            expected = MEAN * _log_normal(generator, _FORETOLD, count)
            noise = _log_normal(generator, _NOISE, count)
        if self.is_clustered:
            noise = noise * np.resize(
                np.repeat(_log_normal(generator, 0.8, count // CLUSTER + 1), CLUSTER), count
            )
        return expected, expected * noise


_NOISE = 0.5
_FORETOLD = float(np.sqrt(1.6**2 - _NOISE**2))
_BELIEVED = 0.9  # the saving that the policy expects, right or not
_OUTPUT_SHARE = 0.6  # of a call's cost


def _log_normal(generator: np.random.Generator, sigma: float, count: int) -> Floats:
    """Mean 1."""
    return np.asarray(generator.lognormal(-(sigma**2) / 2, sigma, count))


def _whole(amounts: Floats) -> NDArray[np.int64]:
    return amounts.astype(np.int64)
