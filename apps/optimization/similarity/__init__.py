"""Questions that ask the same: near-exact keys, vetoes, static vectors, certified thresholds."""

from apps.optimization.similarity.embedding import NoWeights, StaticEmbedding, Vector
from apps.optimization.similarity.index import AnswerIndex, Match
from apps.optimization.similarity.normalizing import near_key
from apps.optimization.similarity.policy import (
    Action,
    Decision,
    ThresholdPolicy,
    decide,
    fitted_threshold,
)
from apps.optimization.similarity.vetoes import veto

__all__ = [
    "Action",
    "AnswerIndex",
    "Decision",
    "Match",
    "NoWeights",
    "StaticEmbedding",
    "ThresholdPolicy",
    "Vector",
    "decide",
    "fitted_threshold",
    "near_key",
    "veto",
]
