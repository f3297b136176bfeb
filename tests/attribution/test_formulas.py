"""The numbers of docs/formulas.md are those of the code."""

import re
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest

from apps.attribution.estimators import Predictions, SampleRatio, Terms, savings_scores
from apps.attribution.forecasting import Outlook, PlanReturn, returns_of
from apps.attribution.sequences import (
    UNIT,
    Bound,
    Sums,
    deviation_of,
    losses,
    one_sided_radius,
    two_sided_radius,
)
from apps.attribution.statements import Carried, Contract, Evidence, Period, close
from apps.attribution.trials import share_of
from apps.attribution.watching import ALPHA
from apps.tenants.plans import Price
from tests.attribution.audit.journals import MONTHS
from tests.attribution.units import batch_of

PAGE = Path(__file__).parents[2] / "docs" / "formulas.md"
BLOCKS = re.findall(r"^```numbers\n(.*?)^```", PAGE.read_text(), re.DOTALL | re.MULTILINE)
LINES = [line for block in BLOCKS for line in block.splitlines()]


def _savings(*, treated: bool, outcome: int, plain: int, levered: int, holdout_bp: int) -> int:
    batch = batch_of([{"is_treated": treated, "outcome": outcome}])
    predictions = Predictions(*(np.array([each]) for each in (plain, levered, plain)))
    return int(savings_scores(batch, predictions, Terms(holdout_bp, 10**9))[0][0])


def _fee(*, billed: int) -> int:
    bound = Bound("asymptotic", Decimal("0.05"), scale=10**9, least_count=1)
    evidence = Evidence(Sums(1, billed, 0), 0, {"cache": billed * 10**9}, 1, 1)
    return close(_period(), evidence, Contract(bound), Carried()).fee_minor


def _period() -> Period:
    starts_at, ends_at, _ = MONTHS[0]
    return Period(1, starts_at, ends_at)


def _returns(*, spend: int, flat: int, share: float, saved: int = 0, fee: float = 0) -> PlanReturn:
    """Of 30 days that are all alike."""
    days = np.ones((3, 30)) / 30
    price = Price(Decimal(flat), Decimal(str(share)), Decimal(str(fee)))
    return returns_of(Outlook(spend=days * spend, saved=days * saved), price)


def _expected(name: str) -> Callable[..., Decimal]:
    return lambda **given: getattr(_returns(**given), name).expected


def _share(*, baseline: list[float], saved: list[float]) -> float:
    found = share_of(baseline, saved)
    assert found is not None
    assert found.low == found.high == found.share
    return found.share


NAMES = {
    "ALPHA": ALPHA,
    "savings": _savings,
    "share": _share,
    **{name: _expected(name) for name in ("subscription", "net", "roi_percent", "breakeven_days")},
    "fee": _fee,
    "Terms": Terms,
    "Sums": Sums,
    "SampleRatio": SampleRatio,
    "one_sided_radius": one_sided_radius,
    "two_sided_radius": two_sided_radius,
    "UNIT": UNIT,
    "losses": losses,
    "deviation_of": deviation_of,
    "exact": Bound("exact", Decimal("0.05"), scale=10**9),
    "asymptotic": Bound("asymptotic", Decimal("0.05"), scale=10**9),
}


def test_the_page_has_numbers() -> None:
    assert len(LINES) == 22


@pytest.mark.parametrize("line", LINES)
def test_a_number_of_the_page_is_that_of_the_code(line: str) -> None:
    expression, written = line.rsplit(" = ", 1)
    value = eval(expression, {"__builtins__": {}}, NAMES)  # noqa: S307 lines of our own page

    places = len(written.partition(".")[2])

    assert f"{float(value):.{places}f}" == written
