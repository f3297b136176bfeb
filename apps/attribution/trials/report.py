"""The report of one import: what its calls cost, what levers would have saved, how sure that is."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

import numpy as np

from apps.attribution.forecasting import Interval, Outlook, PlanReturn, interval_of, returns_of
from apps.attribution.forecasting.returns import MONTH_DAYS
from apps.attribution.trials.bootstrap import LEAST_CLUSTERS, Share, share_of
from apps.attribution.trials.trying import EXACT_CACHE, PROMPT_CACHE
from apps.tenants.plans import Price

BASELINE = ""
TRIED = (EXACT_CACHE, PROMPT_CACHE)
CAUTION = (
    "An estimate from a log, not a proof: levers were simulated on calls that went elsewhere, and "
    "nothing was held out. It is never added to what is proven."
)
LEFT_OUT = {
    "batch and flex tier": "Whether a call can wait is yours to say; the first look has its range.",
    "model routing": "How other models' answers would fare cannot be read from a log; the first "
    "look has an assumed range.",
    "near-exact and semantic cache": "They need a certificate on your own answers first.",
    "OpenAI's prompt cache": "It works unasked, and what the log paid has it already.",
}
Sums = Mapping[tuple[str, str], tuple[int, Decimal]]


@dataclass(frozen=True, slots=True)
class LeverTrial:
    """One lever: calls on which it would have acted, and US dollars saved in the log."""

    lever: str
    calls: int
    saved_usd: Decimal
    share: Share | None


@dataclass(frozen=True, slots=True)
class TrialReport:
    """clusters: what the interval is drawn over, "day" or "group" of conversations. Amounts of the
    log in US dollars; monthly: 30 days at the log's mean day. saved, monthly: None where clusters
    are too few.
    """

    clusters: str
    cluster_count: int
    days: int
    calls: int
    baseline_usd: Decimal
    saved_usd: Decimal
    share: Share | None
    levers: tuple[LeverTrial, ...]
    monthly_baseline_usd: Decimal
    monthly_saved: Interval | None

    @property
    def missing(self) -> str:
        """What is needed for an interval; empty where there is one."""
        if self.share is not None:
            return ""
        return (
            f"An interval needs priced calls with their prompts on {LEAST_CLUSTERS} days, or of "
            f"{LEAST_CLUSTERS} conversations; this log has {self.days} days."
        )

    def plan_return(self, price: Price) -> PlanReturn | None:
        """Of 30 days at the log's mean day."""
        if self.share is None:
            return None
        day = float(self.monthly_baseline_usd) / MONTH_DAYS
        saved = day * np.repeat(self.share.draws[:, None], MONTH_DAYS, axis=1)
        return returns_of(Outlook(spend=day - saved, saved=saved), price)


def trial_report(by_day: Sums, by_group: Sums) -> TrialReport:
    """by_day, by_group: (day or group, lever) → calls and US dollars; BASELINE is their cost."""
    days = _names(by_day)
    uses_days = len(days) >= LEAST_CLUSTERS
    sums, names = (by_day, days) if uses_days else (by_group, _names(by_group))
    share = _share(sums, names, TRIED)
    baseline, saved = _usd(by_day, days, [BASELINE]), _usd(by_day, days, TRIED)
    monthly = sum(baseline) * MONTH_DAYS / len(days) if days else Decimal(0)
    return TrialReport(
        clusters="day" if uses_days else "group",
        cluster_count=len(names),
        days=len(days),
        calls=sum(calls for (_, lever), (calls, _usd) in by_day.items() if lever == BASELINE),
        baseline_usd=Decimal(sum(baseline)),
        saved_usd=Decimal(sum(saved)),
        share=share,
        levers=tuple(_lever(each, sums, names) for each in TRIED),
        monthly_baseline_usd=Decimal(monthly),
        monthly_saved=interval_of(share.draws * float(monthly)) if share else None,
    )


def _lever(lever: str, sums: Sums, names: Sequence[str]) -> LeverTrial:
    calls = sum(sums[name, lever][0] for name in names if (name, lever) in sums)
    saved = Decimal(sum(_usd(sums, names, [lever])))
    return LeverTrial(lever, calls, saved, _share(sums, names, [lever]))


def _names(sums: Sums) -> list[str]:
    return sorted(name for name, lever in sums if lever == BASELINE)


def _share(sums: Sums, names: Sequence[str], levers: Sequence[str]) -> Share | None:
    baseline, saved = _usd(sums, names, [BASELINE]), _usd(sums, names, levers)
    return share_of([float(each) for each in baseline], [float(each) for each in saved])


def _usd(sums: Sums, names: Sequence[str], levers: Sequence[str]) -> list[Decimal]:
    nothing = (0, Decimal(0))
    return [
        sum((sums.get((name, lever), nothing)[1] for lever in levers), Decimal(0)) for name in names
    ]
