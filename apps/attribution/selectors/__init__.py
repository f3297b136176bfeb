"""Reads: experiments and periods; the log, its archive and what a re-run finds."""

from apps.attribution.selectors.logs import (
    Rerun,
    closed_statements,
    key_binding,
    log_archive,
    rerun,
    savings_statements,
)
from apps.attribution.selectors.outlooks import Forecast, PlanOutlook, forecast
from apps.attribution.selectors.periods import (
    SEALED_FOR,
    SaltSealed,
    current_periods,
    experiments,
    opened_salt,
    periods,
    published_salts,
    salt_binding,
    salt_of,
)
from apps.attribution.selectors.trials import import_report

__all__ = [
    "SEALED_FOR",
    "Forecast",
    "PlanOutlook",
    "Rerun",
    "SaltSealed",
    "closed_statements",
    "current_periods",
    "experiments",
    "forecast",
    "import_report",
    "key_binding",
    "log_archive",
    "opened_salt",
    "periods",
    "published_salts",
    "rerun",
    "salt_binding",
    "salt_of",
    "savings_statements",
]
