"""Routing between two models whose answers to the same questions are recorded (RouteLLM, MMLU)."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from apps.optimization.routing import (
    certified_threshold,
    fitted_gains,
    threshold_for_quality,
)
from apps.optimization.similarity import StaticEmbedding
from bench.rows import Row
from demo.sources.recorded import answered

PRICE_RATIO = 1 / 25
SPLITS, QUICK_SPLITS, CERTIFIED_SPLITS = 10, 2, 5
_TEST_SHARE = 0.3
_MOST_CHARACTERS = 1_000  # the beginning of a question is what its vector is made of

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Answers:
    """One entry each question: its subject, its vector, and whether each model was right."""

    kinds: NDArray[Any]
    vectors: NDArray[np.float32]
    cheap: Floats
    strong: Floats


@dataclass(frozen=True, slots=True)
class Outcome:
    """Of one split's test part: shares of requests, quality beside the strong model's."""

    certified: float
    loss: float
    routed: float
    quality: float


def route_rows(quick: bool) -> list[Row]:
    """Certified at 1 pp over five splits; saved at 95 % of the strong model's quality over ten."""
    answers = _answers()
    outcomes = [_outcome(answers, seed) for seed in range(QUICK_SPLITS if quick else SPLITS)]
    five = outcomes[:CERTIFIED_SPLITS]
    certified = float(np.mean([each.certified for each in five]))
    loss = max(each.loss for each in five)
    saved = float(np.mean([each.routed for each in outcomes])) * (1 - PRICE_RATIO)
    quality = float(np.mean([each.quality for each in outcomes]))
    return [
        Row("MMLU: routed, certified at <= 1 pp", certified, "share", 0.164, 0.16,
            certified >= 0.16, 0.22),
        Row("- loss realised, worst split", loss, "share", 0.0038, 0.01, loss <= 0.01),
        Row("MMLU: saved at 95 % of GPT-4, 1:25", saved, "share", 0.45, 0.52, saved >= 0.52, 0.6),
        Row("- quality realised, mean", quality, "share", 0.951),
        Row("- quality realised, worst split", min(each.quality for each in outcomes), "share",
            0.935),
    ]  # fmt: skip


def _outcome(answers: Answers, seed: int) -> Outcome:
    order = np.random.default_rng(seed).permutation(len(answers.cheap))
    cut = int(len(order) * (1 - _TEST_SHARE))
    known, test = order[:cut], order[cut:]
    gains = answers.cheap - answers.strong
    fit = fitted_gains(answers.kinds[known].tolist(), answers.vectors[known], gains[known])
    scores = fit.left_out
    found = np.array([
        fit.model.gain(str(kind), vector)
        for kind, vector in zip(answers.kinds[test], answers.vectors[test], strict=True)
    ])  # fmt: skip
    threshold = certified_threshold(scores, -gains[known], bound=0.01)
    is_certified = found >= (np.inf if threshold is None else threshold)
    least = threshold_for_quality(scores, answers.cheap[known], answers.strong[known], share=0.95)
    is_routed = found >= least
    quality = np.where(is_routed, answers.cheap[test], answers.strong[test]).mean()
    return Outcome(
        float(is_certified.mean()),
        float(-(gains[test] * is_certified).mean()),
        float(is_routed.mean()),
        float(quality / answers.strong[test].mean()),
    )


def _answers() -> Answers:
    embedding = StaticEmbedding.load()
    kinds, vectors, right = [], [], []
    for each in answered():
        vector = embedding.vector(each.prompt[:_MOST_CHARACTERS])
        kinds.append(each.subject)
        vectors.append(np.zeros(256, np.float32) if vector is None else vector)
        right.append([each.is_cheap_right, each.is_strong_right])
    cheap, strong = np.array(right, float).T
    return Answers(np.array(kinds), np.array(vectors), cheap, strong)
