"""What experiments say, as the page shows it."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from apps.attribution.models import SavingsStatement
from apps.attribution.selectors import periods
from apps.attribution.statements import amounts, meaning
from apps.attribution.valuing import ExperimentValue, ProvenValue
from apps.kernel.money import shown_usd
from apps.portal.experiments import place_of
from apps.portal.proving import interval_context, quality_lines, title_of

_SHOWN = ("paid", "ledger", "proven", "billed", "fee")


def proof_context(known: ProvenValue, names: Mapping[UUID, str]) -> dict[str, Any]:
    """names: of projects. What is furthest known is drawn, the others are lines of a table."""
    furthest = max(known.experiments, key=lambda each: each.units, default=None)
    return {
        "experiments": [_line(each, names) for each in known.experiments],
        "statements": [_row(each) for each in known.statements],
        "drawn": furthest.experiment if furthest and furthest.points else None,
        "meaning": meaning(furthest.last, furthest.terms) if furthest else [],
        "interval": interval_context(furthest.points) if furthest else {},
        "quality": _quality(furthest) if furthest else [],
    }


def _line(known: ExperimentValue, names: Mapping[UUID, str]) -> dict[str, Any]:
    return {
        "experiment": known.experiment,
        "place": place_of(known.experiment, names),
        "units": f"{known.units:,}",
        "saved": shown_usd(known.saved_usd),
        "low": shown_usd(known.low_usd),
        "high": shown_usd(known.high_usd),
    }


def _row(statement: SavingsStatement) -> dict[str, Any]:
    found = amounts(statement.document)
    return {
        "statement": statement,
        "title": title_of(statement),
        **{name: shown_usd(getattr(found, name)) for name in _SHOWN},
    }


def _quality(known: ExperimentValue) -> list[Any]:
    """Of the latest period that has any."""
    watched = periods(known.experiment.pk).exclude(quality=None).last()
    return quality_lines(watched) if watched else []
