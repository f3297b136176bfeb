"""What a plan gives back: the saving of the next 30 days beside what the plan costs for them."""

from dataclasses import dataclass

import numpy as np

from apps.attribution.forecasting.models import Floats
from apps.attribution.forecasting.outlook import Interval, Outlook, interval_of
from apps.tenants.plans import Price

MONTH_DAYS = 30
LONGEST_DAYS = 3_650


@dataclass(frozen=True, slots=True)
class PlanReturn:
    """Of 30 days, US dollars. fee: of the savings, if all of them are proven: the most it can be.
    roi_percent: net over cost; None where the plan costs nothing. breakeven_days: until the saving
    of a day, less its fee, has paid the plan; None where it may never.
    """

    saved: Interval
    subscription: Interval
    fee: Interval
    net: Interval
    roi_percent: Interval | None
    breakeven_days: Interval | None


def returns_of(outlook: Outlook, price: Price) -> PlanReturn:
    """outlook: of 30 days or more, whose first 30 count."""
    spend, saved = (each[:, :MONTH_DAYS].sum(axis=1) for each in (outlook.spend, outlook.saved))
    subscription = _subscription(spend, price)
    fee = np.maximum(saved, 0) * float(price.savings_share)
    cost = subscription + fee
    net = saved - cost
    return PlanReturn(
        saved=interval_of(saved),
        subscription=interval_of(subscription),
        fee=interval_of(fee),
        net=interval_of(net),
        roi_percent=interval_of(100 * net / cost) if (cost > 0).all() else None,
        breakeven_days=_breakeven(subscription, (saved - fee) / MONTH_DAYS),
    )


def _subscription(spend: Floats, price: Price) -> Floats:
    """The lesser of the flat price and the share of what is spent."""
    flat = np.full_like(spend, np.inf if price.flat_usd is None else float(price.flat_usd))
    share = spend * float(price.spend_share) if price.spend_share is not None else flat
    lesser: Floats = np.minimum(flat, share)
    return lesser


def _breakeven(subscription: Floats, kept_a_day: Floats) -> Interval | None:
    if not (kept_a_day > 0).all():
        return None
    return interval_of(np.minimum(subscription / kept_a_day, LONGEST_DAYS))
