"""Reads, inside the organization's scope."""

from apps.optimization.selectors.policies import (
    LONGEST_TTL_S,
    effective,
    policies,
    standing,
    terms_of,
)

__all__ = ["LONGEST_TTL_S", "effective", "policies", "standing", "terms_of"]
