"""What the holdout says was saved: whole numbers in, whole numbers out. numpy, no Django.

A unit is a conversation. It is held out (untouched) or treated, drawn with a known share, and
*triggered* when a lever would have acted in it, which is decided alike in both arms. Costs are nano
US dollars (10^-9). A `Proof` adds up batches in their order; its sums are what
`sequences.lower_bound` bounds. `views` splits what was proven, `sample_ratio` watches the draw,
`quality` and `reconciling` put the same scores to what saving may spoil and to what the ledger
claims.
"""

from apps.attribution.estimators.predictions import Model, Predictions, Ratios
from apps.attribution.estimators.proving import Proof, Scored
from apps.attribution.estimators.quality import Finding, Guard, judge, quality_sums
from apps.attribution.estimators.reconciling import Reconciliation, reconciled
from apps.attribution.estimators.sample_ratio import ALPHA as SAMPLE_RATIO_ALPHA
from apps.attribution.estimators.sample_ratio import SampleRatio
from apps.attribution.estimators.scores import InvalidTerms, Terms, effect_scores, savings_scores
from apps.attribution.estimators.units import MOST, WHOLE, Batch, InvalidBatch
from apps.attribution.estimators.views import by_segment, proven_by_segment, split

__all__ = [
    "MOST",
    "SAMPLE_RATIO_ALPHA",
    "WHOLE",
    "Batch",
    "Finding",
    "Guard",
    "InvalidBatch",
    "InvalidTerms",
    "Model",
    "Predictions",
    "Proof",
    "Ratios",
    "Reconciliation",
    "SampleRatio",
    "Scored",
    "Terms",
    "by_segment",
    "effect_scores",
    "judge",
    "proven_by_segment",
    "quality_sums",
    "reconciled",
    "savings_scores",
    "split",
]
