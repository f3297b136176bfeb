"""Reads: bounded by the caller's page and totally ordered."""

from decimal import Decimal
from uuid import UUID

from django.db.models import QuerySet

from apps.usage.imports.estimates.report import METHODS
from apps.usage.imports.models import Dimension, Import, LineError, Spend, State

__all__ = [
    "LEVERS", "STATES", "Dimension", "LineError", "Spend", "import_of", "imports", "line_errors",
    "spend_by", "spend_of", "total_spend",
    "trial_sums",
]  # fmt: skip
MOST_VALUES = 20
STATES = State.choices
LEVERS = tuple(METHODS)


def imports() -> QuerySet[Import]:
    """Imports of the current organization, newest first."""
    return Import.objects.order_by("-created_at", "-id")


def import_of(import_id: UUID) -> Import:
    """One import of the current organization. Raises Import.DoesNotExist."""
    return Import.objects.get(pk=import_id)


def line_errors(of_import: Import) -> QuerySet[LineError]:
    """Lines that hold no call, in the order of the file."""
    return of_import.errors.order_by("line", "id")


def spend_by(of_import: Import, dimension: Dimension) -> list[Spend]:
    """The values of a dimension that cost most; days in their order, the latest of them."""
    rows = of_import.spend.filter(dimension=dimension)
    if dimension == Dimension.DAY:
        return list(rows.order_by("-value")[: MOST_VALUES * 5])[::-1]
    return list(rows.order_by("-usd", "-reported_usd", "-call_count", "value")[:MOST_VALUES])


def spend_of(of_import: Import) -> dict[str, list[Spend]]:
    """`spend_by` each dimension, by its name."""
    return {dimension.value: spend_by(of_import, dimension) for dimension in Dimension}


def total_spend(of_import: Import) -> Spend | None:
    """All calls that the import added; None when it added none."""
    return of_import.spend.filter(dimension=Dimension.TOTAL).first()


def trial_sums(of_import: Import, cluster: str) -> dict[tuple[str, str], tuple[int, Decimal]]:
    """(name, lever) → calls and USD, of each "day" or each "group" of conversations."""
    rows = of_import.trials.filter(cluster=cluster).order_by("name", "lever")
    found = rows.values_list("name", "lever", "call_count", "usd")
    return {(name, lever): (calls, usd) for name, lever, calls, usd in found}
