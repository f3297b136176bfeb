"""Questions that ask the same: near-exact keys, vetoes, static vectors, certified thresholds."""

from apps.optimization.serving import SHADOW_SHARE, Action, Decision, decide
from apps.optimization.similarity.embedding import NoWeights, StaticEmbedding, Vector
from apps.optimization.similarity.index import AnswerIndex, Match
from apps.optimization.similarity.policy import ThresholdPolicy, fitted_threshold
from apps.optimization.wording import near_key, veto

__all__ = [
    "SHADOW_SHARE",
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
