"""Many experiments, looked at after each batch."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from apps.attribution.estimators import Proof, Terms
from apps.attribution.sequences import UNIT, deviation, one_sided_radius
from bench.proof.worlds import HOLDOUT_BP, MEAN, World

LOOKS = 30
LEAST_COUNT = 200
ALPHA = 0.05
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Looks:
    """Arrays (runs, looks): triggered units, score sums, spreads, true savings; in mean costs.

    losses: (runs, looks, slopes), of the exact bound at `cap`. is_flagged: (runs,) whether the
    ledger was found to claim too much at any look.
    """

    count: Floats
    total: Floats
    spread: Floats
    true: Floats
    losses: Floats
    is_flagged: NDArray[np.bool_]
    cap: float

    def asymptotic(self) -> Floats:
        """Lower bounds; minus infinity before there are enough units."""
        radius = one_sided_radius(self.count, self.spread / self.count, ALPHA)
        return np.where(self.count < LEAST_COUNT, -np.inf, self.total - self.count * radius)

    def exact(self) -> Floats:
        """Lower bounds."""
        return self.total - self.cap * deviation(self.losses, ALPHA)


def looks(world: World, units: int, runs: int, *, cap: float, seed: int = 1) -> Looks:
    """`runs` experiments of `units` units. cap: of a unit, in mean costs. Same seed, same looks."""
    terms = Terms(HOLDOUT_BP, int(cap * MEAN))
    seeds = np.random.SeedSequence(seed).spawn(runs)
    found = [_one(world, units, np.random.default_rng(each), terms) for each in seeds]
    sums = np.array([each for each, _ in found])
    count, total, spread, true = np.moveaxis(sums[..., :4], -1, 0)
    return Looks(
        count, total / MEAN, spread / MEAN**2, true / MEAN, sums[..., 4:] / UNIT,
        np.array([is_flagged for _, is_flagged in found]), cap,
    )  # fmt: skip


def _one(
    world: World, units: int, generator: np.random.Generator, terms: Terms
) -> tuple[list[tuple[float, ...]], bool]:
    proof, true, is_flagged, seen = Proof(), 0.0, False, []
    for look in range(LOOKS):
        batch, saved = world.draw(generator, units // LOOKS, look / (LOOKS - 1))
        proof.add(batch, terms)
        true += saved
        is_flagged = is_flagged or proof.reconciliation.is_overstated(ALPHA)
        sums = proof.saved
        figures = (sums.count, sums.total, sums.spread, true, *(sums.losses or ()))
        seen.append(tuple(map(float, figures)))
    return seen, is_flagged
