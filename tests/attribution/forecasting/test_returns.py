"""What a plan gives back follows from the saving and the plan's price, and from nothing else."""

from decimal import Decimal

import numpy as np
import pytest

from apps.attribution.forecasting import Outlook, interval_of, outlook, returns_of
from apps.tenants.plans import FREE, PLANS, Price

EARLY = PLANS[1].price
FLAT = np.full((9, 40), 1.0)


def test_a_months_return_is_exact_where_every_day_is_alike() -> None:
    assert EARLY
    found = returns_of(Outlook(spend=FLAT * 200, saved=FLAT * 50), EARLY)
    # 6,000 spent: 2 % is 120, so that the flat 99 is less. 20 % of 1,500 saved is 300.
    assert found.subscription.expected == Decimal("99.00")
    assert found.fee.expected == Decimal("300.00")
    assert found.net.expected == Decimal("1101.00")
    assert found.roi_percent is not None
    assert found.roi_percent.expected == Decimal("275.94")
    assert found.breakeven_days is not None
    assert found.breakeven_days.expected == Decimal("2.48")


def test_a_small_spender_pays_the_share_and_not_the_flat_price() -> None:
    assert EARLY
    found = returns_of(Outlook(spend=FLAT * 20, saved=FLAT * 0), EARLY)
    assert found.subscription.expected == Decimal("12.00")
    assert (found.net.expected, found.breakeven_days) == (Decimal("-12.00"), None)


def test_a_plan_that_costs_nothing_has_no_return_on_its_cost() -> None:
    assert FREE.price
    found = returns_of(Outlook(spend=FLAT, saved=FLAT), FREE.price)
    assert (found.roi_percent, found.net.expected) == (None, Decimal("30.00"))
    assert returns_of(Outlook(FLAT, FLAT), Price(None, Decimal("0.1"), Decimal(0))).roi_percent


def test_spend_and_saving_are_of_the_same_paths_and_a_loss_stays_one() -> None:
    spend, saved = np.full(60, 80.0), np.full(60, 20.0)
    seen = outlook(spend, saved, 30, seed=1)
    assert seen.saved == pytest.approx((seen.spend + seen.saved) * 0.2)
    assert float(interval_of(seen.spend.sum(axis=1)).expected) == pytest.approx(2_400, rel=0.01)
    worse = outlook(spend, -saved, 30, seed=1)
    assert float(interval_of(worse.saved.sum(axis=1)).high) < 0
