"""Bound what an organization, a project or a key may do and spend."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import QuerySet

from apps.kernel.errors import NetraError
from apps.tenants.models import Limit, LimitKind, Organization, Window
from apps.tenants.models.limit import BUDGET_WINDOWS, MOST_ALERTS, PER_MINUTE

MOST_AMOUNT = Decimal(10) ** 12
DECIMALS = {"amount": Decimal("0.000001"), "fraction": Decimal("0.001")}


class InvalidLimit(NetraError):
    code = "invalid_limit"
    http_status = 400


class LimitTaken(NetraError):
    code = "limit_taken"
    http_status = 409
    message = "A limit of this kind and window is there already. Change that one."


@dataclass(frozen=True, slots=True)
class LimitTerms:
    """What a limit bounds, and how.

    project_id, api_key_id: at most one; none of both is the whole organization. amount: requests,
    tokens or calls at once, or US dollars. window: of a budget; others have but one.
    alert_fractions: shares of a budget at which to warn. is_hard: refuse calls beyond it.
    """

    kind: str
    amount: Decimal
    window: str | None = None
    project_id: UUID | None = None
    api_key_id: UUID | None = None
    alert_fractions: tuple[Decimal, ...] = ()
    is_hard: bool = True


def create_limit(*, organization: Organization, terms: LimitTerms, at: datetime) -> Limit:
    """Raises InvalidLimit, LimitTaken."""
    _check_subject(organization, terms)
    row = Limit(
        organization=organization,
        project_id=terms.project_id,
        api_key_id=terms.api_key_id,
        kind=terms.kind,
        window=_window(terms),
        created_at=at,
    )
    _bound(row, terms.amount, terms.alert_fractions, is_hard=terms.is_hard)
    try:
        with transaction.atomic():
            row.save(force_insert=True)
    except IntegrityError as error:
        raise LimitTaken from error
    return row


@transaction.atomic
def change_limit(
    *,
    organization: Organization,
    limit_id: UUID,
    amount: Decimal,
    alert_fractions: Sequence[Decimal],
    is_hard: bool,
) -> Limit:
    """Bound the same by other figures. Raises Limit.DoesNotExist, InvalidLimit."""
    row = organization.limits.select_for_update().get(pk=limit_id)
    _bound(row, amount, alert_fractions, is_hard=is_hard)
    row.save(update_fields=["amount", "alert_fractions", "is_hard"])
    return row


def delete_limit(*, organization: Organization, limit_id: UUID) -> None:
    """Raises Limit.DoesNotExist."""
    organization.limits.get(pk=limit_id).delete()


def _window(terms: LimitTerms) -> str | None:
    if terms.kind not in LimitKind.values:
        raise InvalidLimit(f"Choose one of the kinds {', '.join(LimitKind.values)}.")
    if terms.kind == LimitKind.BUDGET_USD:
        if terms.window not in BUDGET_WINDOWS:
            raise InvalidLimit(f"Choose a budget's window from {', '.join(BUDGET_WINDOWS)}.")
        return terms.window
    own = Window.MINUTE if terms.kind in PER_MINUTE else None
    if terms.window not in {None, own}:
        raise InvalidLimit("Leave the window out; only budgets have one to choose.")
    return own


def _check_subject(organization: Organization, terms: LimitTerms) -> None:
    if terms.project_id and terms.api_key_id:
        raise InvalidLimit("Name a project or a key, not both.")
    open_projects = organization.projects.filter(archived_at=None)
    if terms.project_id and not _has(open_projects, terms.project_id):
        raise InvalidLimit("Choose an open project of this organization.")
    if terms.api_key_id and not _has(organization.api_keys.all(), terms.api_key_id):
        raise InvalidLimit("Choose a key of this organization.")


def _has(rows: QuerySet[Any], row_id: UUID) -> bool:
    return rows.filter(pk=row_id).exists()


def _bound(row: Limit, amount: Decimal, fractions: Sequence[Decimal], *, is_hard: bool) -> None:
    is_budget = row.kind == LimitKind.BUDGET_USD
    step = DECIMALS["amount"] if is_budget else Decimal(1)
    if not 0 < amount <= MOST_AMOUNT or amount % step:
        raise InvalidLimit(
            "Give a budget as US dollars above 0 with at most 6 decimals."
            if is_budget
            else "Give the limit as a whole number above 0."
        )
    if fractions and not is_budget:
        raise InvalidLimit("Only budgets warn. Leave the alerts out.")
    row.amount, row.is_hard = amount, is_hard
    row.alert_fractions = _checked_fractions(fractions)


def _checked_fractions(fractions: Sequence[Decimal]) -> list[Decimal]:
    if len(set(fractions)) > MOST_ALERTS:
        raise InvalidLimit(f"Warn at most at {MOST_ALERTS} shares of a budget.")
    if not all(0 < each <= 1 and not each % DECIMALS["fraction"] for each in fractions):
        raise InvalidLimit("Give each alert as a share above 0 and at most 1, like 0.8.")
    return sorted(set(fractions))
