"""Gains are drawn to what is known, and only what pairs left out support is certified."""

import numpy as np
import pytest
from numpy.typing import NDArray

from apps.optimization.routing import (
    Clusters,
    certified_threshold,
    fitted_gains,
    request_class,
    template_digest,
    threshold_for_quality,
)

Vectors = NDArray[np.float32]
Floats = NDArray[np.float64]

KEY = b"k" * 16


def _pairs(pairs: int, seed: int) -> tuple[list[str], Vectors, Floats]:
    """Half easy, where the cheap model is as good; half hard, where it loses three in ten."""
    draws = np.random.default_rng(seed)
    kinds = ["easy", "hard"] * (pairs // 2)
    gains = np.where(np.arange(pairs) % 2, -(draws.random(pairs) < 0.3).astype(float), 0.0)
    return kinds, draws.normal(size=(pairs, 4)).astype(np.float32), gains


def test_a_class_with_few_labels_is_drawn_to_the_mean_of_all() -> None:
    kinds = ["much"] * 400 + ["little"] * 2
    gains = np.array([0.0] * 400 + [-1.0] * 2)
    model = fitted_gains(kinds, np.zeros((402, 2), np.float32), gains).model
    assert -0.2 < model.gain("little", None) < model.gain("much", None) <= 0
    assert model.gain("never seen", None) == model.overall == pytest.approx(-2 / 402)


def test_easy_requests_are_certified_and_hard_ones_are_not() -> None:
    kinds, vectors, gains = _pairs(4_000, 1)
    fit = fitted_gains(kinds, vectors, gains)
    threshold = certified_threshold(fit.left_out, -gains, bound=0.01)
    assert threshold is not None
    hard, easy = (fit.model.gain(kind, None) for kind in ("hard", "easy"))
    assert hard < threshold <= easy


def test_a_loss_at_the_bound_is_seldom_certified() -> None:
    def is_certified(seed: int) -> bool:
        draws = np.random.default_rng(seed)
        losses = (draws.random(3_000) < 0.02).astype(float)
        return certified_threshold(np.full(3_000, 0.1), losses, bound=0.02) is not None

    assert sum(is_certified(seed) for seed in range(100)) <= 10


def test_few_pairs_certify_nothing() -> None:
    assert certified_threshold(np.full(50, 0.1), np.zeros(50), bound=0.01) is None


def test_the_threshold_of_a_quality_sends_as_much_as_it_allows() -> None:
    scores = np.array([0.0, -0.1, -0.2, -0.3])
    cheap, strong = np.array([1.0, 1, 0, 0]), np.ones(4)
    found = [threshold_for_quality(scores, cheap, strong, share=q) for q in (1.0, 0.75, 0.0)]
    assert found == [-0.1, -0.2, -0.3]
    assert threshold_for_quality(scores, np.zeros(4), strong, share=1.0) == float("inf")


def test_clusters_part_what_lies_apart() -> None:
    vectors = np.repeat(np.eye(3, dtype=np.float32), 5, axis=0)
    clusters = Clusters.fitted(vectors, count=3, seed=3)
    again = Clusters.fitted(vectors, count=3, seed=3)
    assert np.array_equal(clusters.centres, again.centres)
    assert clusters.nearest(vectors[0]) == clusters.nearest(vectors[4])


def test_a_template_is_what_stays_of_a_prompt() -> None:
    one, two, other = (
        template_digest(text, key=KEY)
        for text in ("Order 17 of  \"Ann\".", "Order 4 of \"Bob\".", "Order of")
    )  # fmt: skip
    assert one == two != other
    assert template_digest("  ", key=KEY) is None


def test_the_most_telling_name_is_the_class() -> None:
    named = [("t", "d", 1), (None, "d", 1), (None, None, 1), (None, None, None)]
    assert [request_class(*each) for each in named] == ["tag:t", "template:d", "cluster:1", "other"]
