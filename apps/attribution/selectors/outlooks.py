"""What the next months may bring, from the organization's own days; read inside its scope."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from apps.attribution.forecasting import (
    LEAST_DAYS,
    MOST_DAYS,
    Interval,
    Outlook,
    PlanReturn,
    interval_of,
    outlook,
    returns_of,
)
from apps.attribution.models import SavingsStatement
from apps.kernel.money import shown_usd
from apps.tenants.models import Organization
from apps.tenants.plans import PLANS, Plan, plan_of, price_of
from apps.tenants.selectors import entitlements
from apps.usage.querying import UsageQuery, usage

MONTHS = 3
# The same days give the same figures; another seed gives others in the second digit of the width.
SEED = 56
_MEASURES = ("actual_usd", "saved_usd")
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Days:
    """Whole days of the organization's clocks, [first, last], without gaps: USD paid and saved."""

    first: date | None
    last: date
    spend: NDArray[np.float64]
    saved: NDArray[np.float64]

    @property
    def missing(self) -> int:
        """How many more days are needed before anything can be said."""
        return max(LEAST_DAYS - len(self.spend), 0)


@dataclass(frozen=True, slots=True)
class MonthOutlook:
    """A calendar month. known_*: of its days that are over; intervals are of the whole month."""

    month: date
    known_spend_usd: Decimal
    known_saved_usd: Decimal
    spend: Interval
    saved: Interval


@dataclass(frozen=True, slots=True)
class PlanOutlook:
    """plan_return: None where the plan's price is agreed with each customer and not known here."""

    plan: Plan
    is_own: bool
    plan_return: PlanReturn | None


@dataclass(frozen=True, slots=True)
class Forecast:
    """months, plans: empty where days are missing. proven_share: of what the ledger said that was
    saved, as closed statements have it; None before the first of them.
    """

    days: Days
    months: tuple[MonthOutlook, ...]
    plans: tuple[PlanOutlook, ...]
    proven_share: Decimal | None

    @property
    def has_saving(self) -> bool:
        """Whether anything was saved in the days that it rests on."""
        return bool((self.days.saved[-LEAST_DAYS:] != 0).any())

    @property
    def headline(self) -> str:
        """What it comes to, or what is missing, in a sentence."""
        own = next((each for each in self.plans if each.is_own), None)
        if own is None:
            return (
                f"There are {len(self.days.spend)} whole days since your first call. "
                f"{self.days.missing} more are needed before anything can be said of a month."
            )
        if not self.has_saving:
            return (
                f"Nothing was saved in the last {LEAST_DAYS} days. Turn a lever on, or import a "
                "log for a first estimate."
            )
        return _promise(own)


def _promise(own: PlanOutlook) -> str:
    if own.plan_return is None:
        return f"What {own.plan.name} costs you is agreed with you; its price is not known here."
    net = own.plan_return.net
    low, high = (shown_usd(each) for each in (net.low, net.high))
    if net.expected <= 0:
        lost = shown_usd(-net.expected)
        return f"{own.plan.name} would cost you {lost} a month more than Netra saves."
    saved = f"Netra will save you {shown_usd(net.expected)} a month"
    return f"{saved}, after what {own.plan.name} costs ({low} to {high})."


def forecast(organization: Organization, *, at: datetime) -> Forecast:
    """The month at hand and the next two, and what each plan would give back of 30 days."""
    days = _days(organization, at)
    if days.missing:
        return Forecast(days, (), (), _proven_share())
    months = list(_months(days.last + _DAY))
    ahead = (_next(months[-1]) - days.last).days - 1
    seen = outlook(days.spend, days.saved, ahead, seed=SEED)
    return Forecast(
        days,
        tuple(_month(each, days, seen) for each in months),
        tuple(_plans(organization, seen, at)),
        _proven_share(),
    )


def _days(organization: Organization, at: datetime) -> Days:
    zone = ZoneInfo(organization.time_zone)
    today = at.astimezone(zone).replace(hour=0, minute=0, second=0, microsecond=0, fold=0)
    since = today - timedelta(days=MOST_DAYS)
    query = UsageQuery(_MEASURES, since, today, granularity="day", zone=zone)
    found = {row.at.date(): row.measures for row in usage(query, at=at).rows if row.at}
    first, last = min(found, default=None), (today - _DAY).date()
    dates = [first + n * _DAY for n in range((last - first).days + 1)] if first else []
    spend, saved = (
        np.array([float(found[day][name] or 0) if day in found else 0.0 for day in dates])
        for name in _MEASURES
    )
    return Days(first, last, spend, saved)


def _months(day: date) -> Iterator[date]:
    month = day.replace(day=1)
    for _ in range(MONTHS):
        yield month
        month = _next(month)


def _next(month: date) -> date:
    return (month + timedelta(days=32)).replace(day=1)


def _month(month: date, days: Days, seen: Outlook) -> MonthOutlook:
    tomorrow, end = days.last + _DAY, _next(month)
    past = max((tomorrow - month).days, 0)
    first, until = (max((each - tomorrow).days, 0) for each in (month, end))
    spend, saved = (
        float(each[max(len(each) - past, 0) :].sum()) if past else 0.0
        for each in (days.spend, days.saved)
    )
    return MonthOutlook(
        month,
        Decimal(f"{spend:.2f}"),
        Decimal(f"{saved:.2f}"),
        interval_of(spend + seen.spend[:, first:until].sum(axis=1)),
        interval_of(saved + seen.saved[:, first:until].sum(axis=1)),
    )


def _plans(organization: Organization, seen: Outlook, at: datetime) -> Iterator[PlanOutlook]:
    known = entitlements(organization, at=at)
    own = plan_of(known)
    for plan in PLANS:
        price = price_of(known) if plan is own else plan.price
        yield PlanOutlook(plan, plan is own, returns_of(seen, price) if price else None)


def _proven_share() -> Decimal | None:
    """Of all closed statements together: no period of them can be picked."""
    documents = list(SavingsStatement.objects.values_list("document", flat=True))
    ledger = sum(sum(each["ledger_atoms"].values()) for each in documents)
    proven = sum(each["proven"] for each in documents)
    if ledger <= 0:
        return None
    share = Decimal(proven * 10**9) / Decimal(ledger)
    return min(max(share, Decimal(0)), Decimal(1)).quantize(Decimal("0.0001"))
