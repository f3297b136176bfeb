"""Before any traffic: a simulated optimisation of imported logs, always called an estimate."""

from apps.attribution.trials.bootstrap import Share, share_of
from apps.attribution.trials.report import CAUTION, LEFT_OUT, TrialReport, trial_report
from apps.attribution.trials.trying import Trial

__all__ = ["CAUTION", "LEFT_OUT", "Share", "Trial", "TrialReport", "share_of", "trial_report"]
