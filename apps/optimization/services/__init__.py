"""Writes, inside the organization's scope."""

from apps.optimization.services.certifying import ALARM, Certified, certify
from apps.optimization.services.judging import judge_comparisons
from apps.optimization.services.policies import (
    LONGEST_DEADLINE_S,
    LONGEST_NAME,
    MOST_MODELS,
    TRAFFIC_STEPS,
    InvalidPolicy,
    TooManyFlushes,
    invalidate_answers,
    set_policy,
    switch_lever,
)

__all__ = [
    "ALARM",
    "LONGEST_DEADLINE_S",
    "LONGEST_NAME",
    "MOST_MODELS",
    "TRAFFIC_STEPS",
    "Certified",
    "InvalidPolicy",
    "TooManyFlushes",
    "certify",
    "invalidate_answers",
    "judge_comparisons",
    "set_policy",
    "switch_lever",
]
