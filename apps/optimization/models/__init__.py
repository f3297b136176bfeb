"""Tables of one organization's schema: what it says of levers and answers, and what is known."""

from apps.optimization.models.certification import (
    Certificate,
    Eviction,
    Evidence,
    EvidenceCount,
    ShadowComparison,
)
from apps.optimization.models.feedback import Feedback
from apps.optimization.models.policies import CacheFlush, Policy

__all__ = [
    "CacheFlush",
    "Certificate",
    "Evidence",
    "EvidenceCount",
    "Eviction",
    "Feedback",
    "Policy",
    "ShadowComparison",
]
