"""Experiments as pages show them."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from apps.attribution.models import Experiment, Period
from apps.attribution.selectors import periods, standing
from apps.attribution.statements import usd
from apps.kernel.money import shown_usd
from apps.tenants.models import Project


class State(NamedTuple):
    """Where an experiment stands, in words."""

    label: str
    level: str
    text: str


class ExperimentLine(NamedTuple):
    """An experiment of a list. saved, at_least: US dollars since it began, as text."""

    experiment: Experiment
    place: str
    state: State
    saved: str
    at_least: str


def shown_experiments(
    rows: Sequence[Experiment], projects: Iterable[Project], *, at: datetime
) -> list[ExperimentLine]:
    """With what each has proven so far."""
    names = {row.pk: row.name for row in projects} if any(row.project_id for row in rows) else {}
    return [_line(row, place_of(row, names), at) for row in rows]


def place_of(experiment: Experiment, names: Mapping[UUID, str]) -> str:
    """What is compared. names: of projects, by id."""
    if experiment.project_id is None:
        return "The whole organization"
    return names.get(experiment.project_id, "A project that is archived")


def state_of(experiment: Experiment, known: Sequence[Period], *, at: datetime) -> State:
    """known: its periods, in order."""
    last = known[-1] if known else None
    if last is None:
        return State("Not started", "neutral", "Nobody is held out before it is started.")
    until = f"{last.ends_at:%-d %b %Y %H:%M} UTC"
    if at >= last.ends_at:
        return State("Over", "neutral", f"Its last period ended on {until}.")
    if experiment.stopped_at:
        return State("Ending", "warning", f"No period follows the one that ends on {until}.")
    if at < known[0].starts_at:
        return State(
            "Starting", "accent", f"It begins on {known[0].starts_at:%-d %b %Y %H:%M} UTC."
        )
    return State(
        "Running", "success", "The next period is committed to three days before it begins."
    )


def _line(row: Experiment, place: str, at: datetime) -> ExperimentLine:
    last = standing(row.pk).last
    return ExperimentLine(
        row,
        place,
        state_of(row, list(periods(row.pk)), at=at),
        shown_usd(usd(last.audited)) if last else "–",
        shown_usd(usd(last.low)) if last and last.low is not None else "–",
    )
