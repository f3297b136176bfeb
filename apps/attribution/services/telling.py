"""What an organization is told of its statements. Inside the scope, in the caller's transaction."""

from datetime import datetime
from typing import Any

from apps.attribution.models import SavingsCorrection, SavingsStatement
from apps.attribution.statements import amounts, period_title, usd_of_minor
from apps.kernel.money import shown_usd
from apps.notices.kinds import Kind
from apps.notices.services.announcing import News, announce
from apps.tenants.context import current_tenant

_PAGE = "proof"
_TOLD = ("untouched", "paid", "ledger", "proven", "billed", "estimated", "fee")


def tell_statement(statement: SavingsStatement, *, at: datetime) -> None:
    """That a period is closed, once."""
    found = amounts(statement.document)
    news = News(
        kind=Kind.STATEMENT_FINALIZED,
        once=str(statement.pk),
        subject=f"The savings statement of {_period(statement)} is closed",
        advice=f"Proven: {shown_usd(found.proven)}. Billed: {shown_usd(found.billed)}. Fee:"
        f" {shown_usd(found.fee)}. Its archive and netra_verify.py check every figure.",
        payload=_ids(statement)
        | {f"{name}_usd": f"{getattr(found, name):f}" for name in _TOLD}
        | {"is_paused": statement.document["is_paused"]},
        page=_PAGE,
    )
    announce(organization=current_tenant(), news=news, at=at)


def tell_correction(correction: SavingsCorrection, *, at: datetime) -> None:
    """That a statement should have said something else, once for each correction."""
    statement = correction.statement
    change = usd_of_minor(correction.fee_difference_minor)
    news = News(
        kind=Kind.STATEMENT_CORRECTED,
        once=str(correction.pk),
        subject=f"The savings statement of {_period(statement)} is corrected",
        advice=f"Its fee changes by {shown_usd(change)}. The statement stays as it was; the"
        " correction and its reason stand beside it.",
        payload=_ids(statement)
        | {
            "correction_id": str(correction.pk),
            "reason": correction.reason,
            "fee_difference_usd": f"{change:f}",
        },
        page=_PAGE,
    )
    announce(organization=current_tenant(), news=news, at=at)


def _ids(statement: SavingsStatement) -> dict[str, Any]:
    return {
        "statement_id": str(statement.pk),
        "experiment_id": str(statement.log_id),
        "number": statement.number,
    }


def _period(statement: SavingsStatement) -> str:
    return period_title(statement.period.starts_at, statement.period.ends_at)
