"""A statement again from its raw rows, and its rows beside the request log. Inside the scope."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import groupby
from operator import itemgetter
from typing import Any
from uuid import UUID

import orjson

from apps.attribution.audit import Call, Charging
from apps.attribution.disputes.reports import RowCheck, difference_report
from apps.attribution.models import SavingsStatement, SealedRow
from apps.attribution.selectors import rerun
from apps.attribution.services.logs import compared_event, comparison_name
from apps.pricing.selectors import Books
from apps.tenants.models import Organization
from apps.tenants.services.data_keys import data_key
from apps.usage.selectors import comparison_events, unit_events

_UNITS = 500


def recomputed_report(
    organization: Organization, statement_id: UUID, *, at: datetime
) -> dict[str, Any]:
    """The difference report of a statement. Raises SavingsStatement.DoesNotExist."""
    statement = SavingsStatement.objects.get(pk=statement_id)
    key = data_key(organization, at=at)
    seen = rerun(statement.log_id, organization_id=organization.pk, data_key=key)
    by_number = {each["period"]: each for each in seen.statements}
    return difference_report(
        standing_figures(statement),
        by_number.get(statement.number),
        findings=seen.findings,
        rows=_checked_rows(organization, statement.period_id),
    )


def standing_figures(statement: SavingsStatement) -> dict[str, Any]:
    """What holds of a statement: its latest correction, else itself."""
    last = statement.corrections.order_by("created_at", "id").last()
    document: dict[str, Any] = (last or statement).document
    return document


def _checked_rows(organization: Organization, period_id: UUID) -> RowCheck:
    check, books = RowCheck(), Books(organization.pk)
    for sealed in _sealed(period_id):
        for name, calls in _logged(period_id, list(sealed), Charging(books.of)):
            check.add(name, sealed.pop(name), [call.to_dict() for call in calls])
        for name, lost in sealed.items():
            check.add(name, lost, ())
    return check


def _logged(
    period_id: UUID, names: Sequence[str], charging: Charging
) -> Iterator[tuple[str, Sequence[Call]]]:
    """What rows are of, with their calls as the request log has them."""
    compared = [compared_event(name) for name in names]
    for told in comparison_events(period_id, [each for each in compared if each]):
        yield comparison_name(str(told["id"])), (charging.comparison_of(told),)
    units = [name for name, event_id in zip(names, compared, strict=True) if event_id is None]
    for name, calls in groupby(unit_events(period_id, units), key=itemgetter("unit")):
        yield name, charging.unit_of(name, list(calls)).calls


def _sealed(period_id: UUID) -> Iterator[dict[str, Sequence[dict[str, Any]]]]:
    """The calls of each unit as they were sealed, so many units at a time."""
    rows = SealedRow.objects.filter(period_id=period_id).order_by("number")
    found = rows.values_list("unit", "line").iterator(chunk_size=_UNITS)
    batch: dict[str, Sequence[dict[str, Any]]] = {}
    for unit, line in found:
        batch[unit] = _calls(bytes(line))
        if len(batch) == _UNITS:
            yield batch
            batch = {}
    if batch:
        yield batch


def _calls(line: bytes) -> Sequence[dict[str, Any]]:
    """Of a row; none of one that was spoiled, which the verifier names."""
    row = orjson.loads(line)
    calls: Sequence[dict[str, Any]] = row.get("calls", ())
    return [row["comparison"]] if "comparison" in row else calls
