"""What the next months may cost and save, from an organization's own days. numpy, no Django.

Paths of the untouched cost are simulated by three models of the same days, each a third of the
paths; where they disagree the interval is wide. ADR 56 has what that is worth beside naive.
"""

from apps.attribution.forecasting.outlook import Interval, Outlook, interval_of, outlook
from apps.attribution.forecasting.paths import LEAST_DAYS, MOST_DAYS, simulated
from apps.attribution.forecasting.returns import PlanReturn, returns_of

__all__ = [
    "LEAST_DAYS",
    "MOST_DAYS",
    "Interval",
    "Outlook",
    "PlanReturn",
    "interval_of",
    "outlook",
    "returns_of",
    "simulated",
]
