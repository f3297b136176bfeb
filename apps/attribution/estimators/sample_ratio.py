"""Were units lost? The draw's shares are known; a test that may be looked at after every unit.

Source: Lindon, Malek, "Anytime-valid inference for multinomial count data", arXiv 2011.03567: the
ratio of a Dirichlet mixture (here Beta) to the agreed share is a martingale that starts at 1, so
that it ever reaches 1/alpha with probability alpha at most.
"""

from dataclasses import dataclass
from math import lgamma, log

from apps.attribution.estimators.units import WHOLE

ALPHA = 0.001
# Units that the mixture weighs: widest power for shares that are off by about a percentage point.
CONCENTRATION = 1_000


@dataclass(frozen=True, slots=True)
class SampleRatio:
    """Units of one period, one agreed share: how many were held out and how many treated."""

    holdout_bp: int
    held_out: int = 0
    treated: int = 0

    def add(self, held_out: int, treated: int) -> "SampleRatio":
        """After further units of the period."""
        return SampleRatio(self.holdout_bp, self.held_out + held_out, self.treated + treated)

    @property
    def log_evidence(self) -> float:
        """Natural log of the e-value against the agreed share."""
        share = self.holdout_bp / WHOLE
        held, treated = CONCENTRATION * share, CONCENTRATION * (1 - share)
        mixed = _log_beta(held + self.held_out, treated + self.treated) - _log_beta(held, treated)
        return mixed - self.held_out * log(share) - self.treated * log(1 - share)

    @property
    def is_off(self) -> bool:
        """Whether units must have been lost or moved: billing pauses, and stays paused."""
        return self.log_evidence >= -log(ALPHA)


def _log_beta(a: float, b: float) -> float:
    return lgamma(a) + lgamma(b) - lgamma(a + b)
