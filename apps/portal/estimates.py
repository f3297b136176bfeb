"""The simulated optimisation of an import as pages show it, to members and by a link."""

from collections.abc import Iterator
from typing import Any

from apps.attribution.forecasting import PlanReturn
from apps.attribution.trials import CAUTION, LEFT_OUT, Share, TrialReport
from apps.kernel.money import shown_usd
from apps.optimization.access import LABELS

COLUMNS = ("Lever", "Calls it would touch", "Saved in the log", "Of the cost")


def estimate_context(report: TrialReport, returned: PlanReturn | None = None) -> dict[str, Any]:
    """returned: beside what a plan costs, which is nobody else's business."""
    return {
        "report": report,
        "caution": CAUTION,
        "stats": list(_stats(report, returned)),
        "columns": [{"label": each, "is_numeric": each != COLUMNS[0]} for each in COLUMNS],
        "rows": [_cells(each.lever, each) for each in report.levers],
        "left_out": LEFT_OUT.items(),
        "over": "days" if report.clusters == "day" else "groups of conversations",
    }


def _stats(report: TrialReport, returned: PlanReturn | None) -> Iterator[dict[str, str]]:
    yield {
        "label": "Cost a month",
        "value": shown_usd(report.monthly_baseline_usd),
        "note": f"30 days at the mean of {report.days}",
    }
    if report.monthly_saved:
        saved = report.monthly_saved
        yield {
            "label": "Estimated saving a month",
            "value": shown_usd(saved.expected),
            "note": f"{shown_usd(saved.low)} to {shown_usd(saved.high)}",
        }
    if returned:
        yield {
            "label": "Net of the plan",
            "value": shown_usd(returned.net.expected),
            "note": f"{shown_usd(returned.net.low)} to {shown_usd(returned.net.high)}",
        }


def _cells(lever: str, trial: Any) -> list[dict[str, Any]]:
    texts = (LABELS.get(lever, lever), f"{trial.calls:,}", shown_usd(trial.saved_usd),
             _percent(trial.share))  # fmt: skip
    return [
        {"text": text, "column": label, "is_numeric": label != COLUMNS[0]}
        for label, text in zip(COLUMNS, texts, strict=True)
    ]


def _percent(share: Share | None) -> str:
    if share is None:
        return "–"
    return f"{share.share:.1%} ({share.low:.1%} to {share.high:.1%})"
