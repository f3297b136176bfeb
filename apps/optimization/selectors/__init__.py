"""Reads, inside the organization's scope."""

from apps.optimization.selectors.certification import (
    Gathered,
    certificate,
    certificates,
    comparisons,
    evidence_of,
    gathered,
    state_of,
)
from apps.optimization.selectors.policies import (
    LONGEST_TTL_S,
    effective,
    policies,
    standing,
    terms_of,
)

__all__ = [
    "LONGEST_TTL_S",
    "Gathered",
    "certificate",
    "certificates",
    "comparisons",
    "effective",
    "evidence_of",
    "gathered",
    "policies",
    "standing",
    "state_of",
    "terms_of",
]
