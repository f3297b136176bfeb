"""What the gateway's budgets have to tell, in words."""

from datetime import datetime

from apps.kernel.events import Alert
from apps.kernel.money import shown_usd
from apps.notices.kinds import Kind
from apps.notices.models import Notice
from apps.notices.services.announcing import News, announce
from apps.tenants.models import Limit, Organization

EACH = {"day": "daily", "month": "monthly", "total": "total"}


def announce_budget(*, organization: Organization, alert: Alert, at: datetime) -> Notice | None:
    """Tell of a budget that spent a share of its amount, once for each window and share.

    None when it was told before, or when the budget was deleted meanwhile.
    """
    limit = organization.limits.select_related("project", "api_key").filter(pk=alert.limit_id)
    row = limit.first()
    if row is None:
        return None
    return announce(organization=organization, news=_news(row, alert), at=at)


def _news(row: Limit, alert: Alert) -> News:
    percent = f"{(alert.fraction * 100).normalize():f} %"
    budget = f"the {EACH[str(row.window)]} budget of {_subject(row)}"
    return News(
        kind=Kind.BUDGET_ALERT,
        once=f"{alert.limit_id}:{alert.window}:{alert.fraction.normalize():f}",
        subject=f"{percent} of {budget} is spent",
        advice=f"{shown_usd(alert.spent_usd)} of {shown_usd(alert.amount_usd)} are spent. "
        f"{_advice(row)}",
        payload=_payload(row, alert),
        page="limits",
    )


def _payload(row: Limit, alert: Alert) -> dict[str, object]:
    return {
        "limit_id": str(row.pk),
        "project_id": row.project_id and str(row.project_id),
        "api_key_id": row.api_key_id and str(row.api_key_id),
        "window": alert.window,
        "fraction": f"{alert.fraction.normalize():f}",
        "amount_usd": f"{alert.amount_usd.normalize():f}",
        "spent_usd": f"{alert.spent_usd.normalize():f}",
        "is_hard": row.is_hard,
    }


def _subject(row: Limit) -> str:
    if row.api_key:
        return f"the API key {row.api_key.name} {row.api_key.hint}"
    return f"the project {row.project.name}" if row.project else "the whole organization"


def _advice(row: Limit) -> str:
    if row.is_hard:
        return (
            "Calls beyond the budget are refused. Raise it on the page Limits if they should go on."
        )
    return (
        "The budget only warns, calls go on. Make it refuse calls on the page Limits if it should."
    )
