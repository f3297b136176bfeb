"""Rows of an organization's own schema: what is compared, and what was proven."""

from apps.attribution.models.experiments import (
    LEAST_HOLDOUT,
    MOST_HOLDOUT,
    RAMP,
    USUAL_HOLDOUT,
    Experiment,
    Period,
)
from apps.attribution.models.logs import (
    NeverChanged,
    ProofLog,
    RateDocument,
    SavingsCorrection,
    SavingsStatement,
    SealedHead,
    SealedRow,
)
from apps.attribution.models.quality import QualityWatch

__all__ = [
    "LEAST_HOLDOUT",
    "MOST_HOLDOUT",
    "RAMP",
    "USUAL_HOLDOUT",
    "Experiment",
    "NeverChanged",
    "Period",
    "ProofLog",
    "QualityWatch",
    "RateDocument",
    "SavingsCorrection",
    "SavingsStatement",
    "SealedHead",
    "SealedRow",
]
