"""Reads: experiments and periods; the log, its archive and what a re-run finds."""

from apps.attribution.selectors.logs import (
    Rerun,
    closed_statements,
    key_binding,
    log_archive,
    opened_archive,
    rerun,
    savings_statements,
)
from apps.attribution.selectors.outlooks import Forecast, PlanOutlook, forecast
from apps.attribution.selectors.periods import (
    SEALED_FOR,
    current_periods,
    experiments,
    opened_salt,
    periods,
    published_salts,
    salt_binding,
)
from apps.attribution.selectors.standing import (
    Draw,
    Standing,
    carried_before,
    points_by_experiment,
    standing,
    statement_heads,
    statement_points,
)
from apps.attribution.selectors.trials import import_report
from apps.attribution.selectors.value import value

__all__ = [
    "SEALED_FOR",
    "Forecast",
    "PlanOutlook",
    "Draw",
    "Rerun",
    "Standing",
    "carried_before",
    "closed_statements",
    "current_periods",
    "experiments",
    "forecast",
    "import_report",
    "key_binding",
    "log_archive",
    "opened_archive",
    "opened_salt",
    "periods",
    "points_by_experiment",
    "published_salts",
    "rerun",
    "salt_binding",
    "savings_statements",
    "standing",
    "statement_heads",
    "statement_points",
    "value",
]
