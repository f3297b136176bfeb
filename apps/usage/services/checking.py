"""Whether events, rollups and books say the same; where they do not, people are told."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal, localcontext
from uuid import UUID

import structlog

from apps.tenants.models import Organization
from apps.usage import store
from apps.usage.ledger.selectors import day_total_figures, trial_balance, used
from apps.usage.ledger.services import note_discrepancies
from apps.usage.services.posting import DIGITS
from apps.usage.services.retention import retention
from apps.usage.store import Figures, Month, month_of, next_month

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Difference:
    """One figure of one month that is not the same everywhere. project_id: None for the whole."""

    period: date
    project_id: UUID | None
    unit: str
    places: Mapping[str, Decimal]


def check_usage(*, organization: Organization, months: int, at: datetime) -> list[Difference]:
    """Compare the last `months` months of the current organization, as far as events are kept.

    Every difference is logged as an error and stands in `Discrepancy` until a later check finds
    the figures equal.
    """
    checked = _last_months(months, at=at)
    found = [each for month in checked for each in _check_month(organization, month)]
    for each in found:
        log.error("usage_differs", **asdict(each))
    note_discrepancies(
        organization_id=organization.pk,
        periods=[month.start.date() for month in checked],
        found={(each.period, each.project_id, each.unit): _plain(each) for each in found},
        at=at,
    )
    return found


def _last_months(count: int, *, at: datetime) -> list[Month]:
    oldest = at - retention()
    month = month_of(at)
    months = [month]
    for _ in range(count - 1):
        month = month_of(month.start - timedelta(days=1))
        months.append(month)
    return [month for month in months if month.start >= oldest]


def _check_month(organization: Organization, month: Month) -> list[Difference]:
    with store.one_snapshot():
        places = _places(organization, month)
        balance = trial_balance(organization.pk, month.start.date())
        whole: dict[str, Figures] = {
            "days": day_total_figures(organization.pk, month.start, next_month(month).start),
            "events": _whole(places["events"]),
        }
    differences = [*_differing(month, places), *_differing(month, whole)]
    unbalanced: Figures = {(None, unit): total for unit, total in balance.items() if total}
    return differences + list(_differing(month, {"trial balance": unbalanced, "must be": {}}))


def _places(organization: Organization, month: Month) -> dict[str, Figures]:
    period = month.start, next_month(month).start
    rollups = {
        f"rollups of {grain} minutes": store.rollup_figures(grain, *period)
        for grain in store.GRAINS[1:]
    }
    books = used(organization.pk, month.start.date())
    return {"events": store.event_figures(*period), **rollups, "ledger": books}


def _whole(figures: Figures) -> Figures:
    whole: Figures = {}
    with localcontext(prec=DIGITS):
        for (_, unit), amount in figures.items():
            whole[None, unit] = whole.get((None, unit), Decimal(0)) + amount
    return whole


def _differing(month: Month, places: Mapping[str, Figures]) -> Iterator[Difference]:
    keys = {key for figures in places.values() for key in figures}
    for project, unit in sorted(keys, key=str):
        said = {
            place: figures.get((project, unit), Decimal(0)) for place, figures in places.items()
        }
        if len(set(said.values())) > 1:
            yield Difference(month.start.date(), project, unit, said)


def _plain(difference: Difference) -> dict[str, str]:
    return {place: format(amount, "f") for place, amount in difference.places.items()}
