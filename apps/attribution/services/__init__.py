"""Writes: experiments and their periods; the log of what was proven."""

from apps.attribution.services.experiments import (
    ExperimentStopped,
    ExperimentTaken,
    InvalidExperiment,
    PeriodLeavesGap,
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
from apps.attribution.services.mailing import announce_heads
from apps.attribution.services.running import (
    ExperimentInterrupted,
    ExperimentRunning,
    commit_next_period,
    plan_experiment,
    start_experiment,
    stop_experiment,
)
from apps.attribution.services.sealing import TERMS, Sealed, seal_experiment

__all__ = [
    "TERMS",
    "ExperimentInterrupted",
    "ExperimentRunning",
    "ExperimentStopped",
    "ExperimentTaken",
    "InvalidExperiment",
    "LogRefused",
    "PeriodLeavesGap",
    "PeriodTerms",
    "PeriodsOverlap",
    "Sealed",
    "SealedBatch",
    "announce_heads",
    "close_log_period",
    "commit_next_period",
    "commit_period",
    "correct_statement",
    "create_experiment",
    "open_log",
    "open_log_period",
    "plan_experiment",
    "seal_batch",
    "seal_experiment",
    "start_experiment",
    "stop_experiment",
]
