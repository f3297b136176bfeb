"""What the cheap model's answer is worth beside the strong one's: by class, then by wording."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Vectors = NDArray[np.float32]

_CLASS_WEIGHT = 20.0  # labels that the mean over all classes counts for in each
_PENALTIES = (10.0, 30.0, 100.0, 300.0, 1e9)  # the last: wording tells nothing
_FOLDS = 10


@dataclass(frozen=True, slots=True)
class GainModel:
    """Quality of the cheap model minus that of the strong one, each in [0, 1], expected.

    `classes`: the shrunk mean gain of each; `overall` for unknown ones; `weights` and `centre` of
    a ridge regression of the rest on the text's vector.
    """

    classes: Mapping[str, float]
    overall: float
    centre: Floats
    weights: Floats

    def gain(self, kind: str, vector: Vectors | None) -> float:
        """In [-1, 1] or so; 0 means as good as the strong model."""
        base = self.classes.get(kind, self.overall)
        return base if vector is None else base + float((vector - self.centre) @ self.weights)


@dataclass(frozen=True, slots=True)
class Fit:
    """A model, and the gain that each pair is given by one that has not seen it.

    Only `left_out` may be certified on; both have the same penalty.
    """

    model: GainModel
    left_out: Floats


def fitted_gains(kinds: Sequence[str], vectors: Vectors, gains: Floats) -> Fit:
    """From shadow pairs: class, vector (pairs, dimensions) and gain of each, at least two.

    The penalty is the one whose predictions of pairs left out are nearest. Not for the hot path.
    """
    names = np.asarray(kinds)
    predicted = np.empty((len(_PENALTIES), len(gains)))
    folds = np.arange(len(gains)) % _FOLDS
    for fold in range(min(_FOLDS, len(gains))):
        out = folds == fold
        for n, model in enumerate(_models(names[~out], vectors[~out], gains[~out])):
            base = [model.classes.get(kind, model.overall) for kind in names[out].tolist()]
            predicted[n, out] = np.array(base) + (vectors[out] - model.centre) @ model.weights
    best = int(((predicted - gains) ** 2).mean(1).argmin())
    return Fit(_models(names, vectors, gains)[best], predicted[best])


def _models(names: NDArray[Any], vectors: Vectors, gains: Floats) -> list[GainModel]:
    """One for each of _PENALTIES."""
    overall = float(gains.mean())
    kinds, places = np.unique(names, return_inverse=True)
    counts = np.bincount(places) + _CLASS_WEIGHT
    means = (np.bincount(places, gains) + _CLASS_WEIGHT * overall) / counts
    table = dict(zip(kinds.tolist(), means.tolist(), strict=True))
    centre = vectors.mean(0, dtype=np.float64)
    centred = vectors - centre
    square, target = centred.T @ centred, centred.T @ (gains - means[places])
    one = np.eye(len(target))
    return [
        GainModel(table, overall, centre, np.linalg.solve(square + penalty * one, target))
        for penalty in _PENALTIES
    ]
