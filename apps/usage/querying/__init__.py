"""Sums of usage: measures × dimensions × filters × window × granularity."""

from apps.usage.querying.answers import Answer, AnswerRow, bucket_times, usage, usages
from apps.usage.querying.terms import (
    COMPARISONS,
    DIMENSIONS,
    GRANULARITIES,
    MEASURES,
    InvalidQuery,
    UsageQuery,
)

__all__ = [
    "COMPARISONS",
    "DIMENSIONS",
    "GRANULARITIES",
    "MEASURES",
    "Answer",
    "AnswerRow",
    "InvalidQuery",
    "UsageQuery",
    "bucket_times",
    "usage",
    "usages",
]
