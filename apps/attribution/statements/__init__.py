"""What a period's statement says, and what it may ask for: pure arithmetic, in whole numbers."""

from apps.attribution.statements.closing import (
    ATOMS_PER_NANO,
    Carried,
    Contract,
    Evidence,
    NotTheNextPeriod,
    Period,
    Statement,
    close,
)

__all__ = [
    "ATOMS_PER_NANO",
    "Carried",
    "Contract",
    "Evidence",
    "NotTheNextPeriod",
    "Period",
    "Statement",
    "close",
]
