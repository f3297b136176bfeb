"""Writes: experiments and their periods; the log of what was proven."""

from apps.attribution.services.experiments import (
    ExperimentTaken,
    InvalidExperiment,
    PeriodsOverlap,
    PeriodTerms,
    commit_period,
    create_experiment,
)
from apps.attribution.services.logs import (
    LogRefused,
    SealedBatch,
    close_log_period,
    correct_statement,
    open_log,
    open_log_period,
    seal_batch,
)
from apps.attribution.services.sealing import TERMS, Sealed, seal_experiment

__all__ = [
    "TERMS",
    "ExperimentTaken",
    "InvalidExperiment",
    "LogRefused",
    "PeriodTerms",
    "PeriodsOverlap",
    "Sealed",
    "SealedBatch",
    "close_log_period",
    "commit_period",
    "correct_statement",
    "create_experiment",
    "open_log",
    "open_log_period",
    "seal_batch",
    "seal_experiment",
]
