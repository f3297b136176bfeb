"""Does it claim what is not there, find what is, and notice what goes wrong?"""

from collections.abc import Iterator

import numpy as np

from apps.attribution.estimators import SampleRatio
from bench.proof.runs import LOOKS, Looks, looks
from bench.proof.worlds import HOLDOUT_BP, World
from bench.rows import Row

UNITS = 10_000
# Caps of a unit in mean costs, as a contract of that volume would name them; the asymptotic bound
# needs none.
SMALL_CAP, CAP, LARGE_CAP, UNUSED_CAP = 25.0, 90.0, 250.0, 1_000.0
WORLDS = {
    "log-normal, sigma 1.6": World(),
    "Pareto 2.2": World(tail="pareto"),
    "clustered retries": World(is_clustered=True, retries=0.15),
    "drift 35 to 2 %": World(drift_to=0.02),
}
PLANTED = {
    "retries of 15 %": World(retries=0.15),
    "cheap model 20 % wordier": World(wordier=0.2),
    "holdout's caches warmed, 15 %": World(leak=0.15),
}
# Units, cap of the exact bound, targets of both bounds, runs.
SHARES = (
    (3_000, SMALL_CAP, 0.40, 0.0, 200),
    (30_000, CAP, 0.80, 0.75, 60),
    (300_000, LARGE_CAP, 0.93, 0.94, 12),
)


def false_claims(runs: int) -> Iterator[Row]:
    """A/A: levers that save nothing, looked at 30 times."""
    world = World(saving=0.0)
    seen = looks(world, UNITS, runs, cap=CAP), looks(world, UNITS, runs, cap=UNUSED_CAP)
    exact, asymptotic = (_ever(seen[0].exact() > 0), _ever(seen[1].asymptotic() > 0))
    title = f"A/A, {runs:,} runs, {LOOKS} looks: false claim"
    yield Row(f"{title}, exact", exact, "%", None, 2.0, exact <= 2, 1.0)
    yield Row(f"{title}, asymptotic", asymptotic, "%", None, 5.0, asymptotic <= 5, 1.0)


def coverage(runs: int) -> Iterator[Row]:
    """The bound stays below what was truly saved, at every look."""
    for name, world in WORLDS.items():
        exact, asymptotic = (looks(world, UNITS, runs, cap=cap) for cap in (CAP, UNUSED_CAP))
        yield _covered(f"any-look coverage, {name}, exact", exact, exact.exact())
        yield _covered(
            f"any-look coverage, {name}, asymptotic", asymptotic, asymptotic.asymptotic()
        )


def billable(effort: float) -> Iterator[Row]:
    """The part of the true saving that the bound lets us bill, in the mean of runs."""
    for units, cap, target, exact_target, runs in SHARES:
        many = max(int(runs * effort), 2)
        asymptotic = looks(World(), units, many, cap=UNUSED_CAP)
        exact = looks(World(), units, many, cap=cap)
        yield _share(
            f"billable at {units:,} units, asymptotic", asymptotic, asymptotic.asymptotic(), target
        )
        yield _share(f"billable at {units:,} units, exact", exact, exact.exact(), exact_target)


def ledger_biases(runs: int) -> Iterator[Row]:
    """How often a ledger that claims too much is flagged, and one that does not."""
    honest = looks(World(), 30_000, runs, cap=UNUSED_CAP).is_flagged.mean() * 100
    yield Row("honest ledger flagged, 30,000 units", honest, "%", None, 5.0, bool(honest <= 5))
    for units, target in ((30_000, None), (100_000, 95.0)):
        biased = World(overclaim=0.05)
        yield _flagged(
            f"ledger's saving 5 % too high found, {units:,} units", biased, units, runs, target
        )
    for name, world in PLANTED.items():
        yield _flagged(f"{name}: found, 30,000 units", world, 30_000, runs, 95.0)


def lost_units(runs: int) -> Iterator[Row]:
    """A draw that loses units, watched after each thousand of 100,000."""
    kept, lost = _off(runs, held_out=0.1), _off(runs, held_out=0.09 / 0.99)
    slight = _off(runs, held_out=0.099 / 0.999)
    yield Row("draw as agreed: false alarm", kept, "%", None, 0.1, kept <= 0.1)
    yield Row("1 % of all units lost from the holdout: found", lost, "%", None, 99.0, lost >= 99)
    yield Row("1 % of the holdout lost: found", slight, "%")


def _off(runs: int, *, held_out: float) -> float:
    generator = np.random.default_rng(2)
    held = np.cumsum(generator.binomial(1_000, held_out, (runs, 100)), axis=1)
    return 100 * float(
        np.mean(
            [
                any(_is_off(int(n), 1_000 * look - int(n)) for look, n in enumerate(run, 1))
                for run in held
            ]
        )
    )


def _is_off(held_out: int, treated: int) -> bool:
    return SampleRatio(HOLDOUT_BP, held_out, treated).is_off


def _ever(found: np.ndarray[tuple[int, ...], np.dtype[np.bool_]]) -> float:
    return float(found.any(axis=1).mean() * 100)


def _covered(
    figure: str, seen: Looks, bounds: np.ndarray[tuple[int, ...], np.dtype[np.float64]]
) -> Row:
    covered = 100 - _ever(bounds > seen.true)
    return Row(figure, covered, "%", None, 95.0, covered >= 95, 98.0)


def _share(
    figure: str,
    seen: Looks,
    bounds: np.ndarray[tuple[int, ...], np.dtype[np.float64]],
    target: float,
) -> Row:
    share = 100 * float(np.mean(np.maximum(bounds[:, -1], 0) / seen.true[:, -1]))
    return Row(figure, share, "%", None, 100 * target, share >= 100 * target)


def _flagged(figure: str, world: World, units: int, runs: int, target: float | None) -> Row:
    found = 100 * float(looks(world, units, runs, cap=UNUSED_CAP).is_flagged.mean())
    return Row(figure, found, "%", None, target, None if target is None else found >= target)
