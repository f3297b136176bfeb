"""Savings as pages show them: what those of the portal and those that are shared have in common."""

from collections.abc import Iterator, Mapping, Sequence
from math import exp
from typing import Any, NamedTuple

from apps.attribution.estimators import SAMPLE_RATIO_ALPHA, WHOLE
from apps.attribution.models import Period, QualityWatch, SavingsStatement
from apps.attribution.selectors import (
    Draw,
    Standing,
    carried_before,
    statement_heads,
    statement_points,
)
from apps.attribution.statements import (
    METHOD,
    Point,
    amounts,
    draw_words,
    lever_lines,
    meaning,
    percent,
    period_title,
    plotted,
    statement_lines,
    usd,
    usd_of_minor,
)
from apps.kernel.money import shown_usd

# The days that stand beside a plot; its file has all of them.
MOST_ROWS = 7
SIZES = {"wide": (900, 300), "narrow": (340, 260)}
POINT_COLUMNS = ("day", "conversations", "saved_usd", "at_least_usd", "at_most_usd")
LINE_COLUMNS = ("figure", "usd")
_UNITS = {"score": "points"}
_ALARM = round(1 / SAMPLE_RATIO_ALPHA)
_MOST_LOG = 50.0


class Verdict(NamedTuple):
    """A state in one word, its level, and what it means."""

    label: str
    level: str
    text: str


_QUALITY = {
    "breached": Verdict("Worse", "danger", "Worse than your quality bound tolerates."),
    "within": Verdict("Within", "success", "Surely within your quality bound."),
    "undecided": Verdict("Open", "neutral", "Too few conversations to say yet."),
    "watched": Verdict("Watched", "neutral", "Shown beside the cost; there is no bound for it."),
}


def statement_context(statement: SavingsStatement) -> dict[str, Any]:
    """All that a page shows of one statement; to be read inside the scope."""
    document, terms = statement.document, statement.log.terms
    points, heads = statement_points(statement), statement_heads(statement)
    return {
        "method": METHOD,
        "statement": statement,
        "title": title_of(statement),
        "archive_name": file_name(statement, "zip"),
        "stats": list(_stats(document)),
        "lines": _lines(statement),
        "levers": lever_lines(document),
        "verdict": _verdict(is_off=document["is_paused"], text=draw_words(document)),
        "meaning": meaning(points[-1] if points else None, terms),
        "heads": heads,
        "corrections": [
            (each, shown_usd(usd_of_minor(each.fee_difference_minor)))
            for each in statement.corrections.all()
        ],
        "quality": quality_lines(statement.period),
        **interval_context(points),
    }


def quality_lines(period: Period) -> list[tuple[str, str, str, Verdict]]:
    """Metrics of a period for all levers together: name, held out, treated, and the verdict."""
    watch = QualityWatch.objects.filter(period=period).first()
    known = watch.findings if watch else []
    return [
        (
            each["metric"].capitalize(),
            _mean(each["holdout"], each["unit"]),
            _mean(each["treatment"], each["unit"]),
            _QUALITY[each["verdict"]],
        )
        for each in known
        if each["lever"] is None
    ]


def standing_context(found: Standing) -> dict[str, Any]:
    """All that a page shows of an experiment's savings so far."""
    return {
        "method": METHOD,
        "standing": found,
        "meaning": meaning(found.last, found.terms),
        "draws": [(each, draw_verdict(each), draw_shares(each)) for each in found.draws],
        **interval_context(found.points),
    }


def draw_verdict(draw: Draw) -> Verdict:
    """Whether conversations were lost from the draw, in words."""
    evidence = exp(min(draw.log_evidence, _MOST_LOG))
    against = f"Evidence against the agreed share: {evidence:,.2f}; billing pauses at {_ALARM:,}."
    return _verdict(is_off=draw.is_off or draw.is_paused, text=against)


def draw_shares(draw: Draw) -> str:
    """Held out of all, beside the agreed share."""
    count = draw.held_out + draw.treated
    share = percent(round(WHOLE * draw.held_out / count)) if count else "–"
    agreed = percent(draw.holdout_bp)
    return f"{draw.held_out:,} of {count:,} held out: {share}, agreed {agreed}"


def point_rows(points: Sequence[Point]) -> Iterator[list[Any]]:
    """For files: exact US dollars; the columns are POINT_COLUMNS."""
    for point in points:
        bounds = [None if each is None else usd(each) for each in (point.low, point.high)]
        yield [point.day.isoformat(), point.units, usd(point.audited), *bounds]


def line_rows(statement: SavingsStatement) -> Iterator[list[Any]]:
    """For files: exact US dollars; the columns are LINE_COLUMNS."""
    for line in _lines(statement):
        yield [line.label, line.usd]
    for lever in lever_lines(statement.document):
        yield [f"Ledger saving: {lever.label}", lever.ledger]
        yield [f"Billed saving: {lever.label}", lever.billed]


def title_of(statement: SavingsStatement) -> str:
    """The days of its period."""
    return period_title(statement.period.starts_at, statement.period.ends_at)


def file_name(statement: SavingsStatement, ending: str) -> str:
    """Of a download: the period's month and its number."""
    return f"statement-{statement.period.starts_at:%Y-%m}-{statement.number}.{ending}"


def _lines(statement: SavingsStatement) -> list[Any]:
    terms, carried = statement.log.terms, carried_before(statement)
    return list(statement_lines(statement.document, fee_bp=terms["fee_bp"], carried=carried))


def _stats(document: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    found = amounts(document)
    yield "Spend without Netra", shown_usd(found.untouched), "the counterfactual"
    yield "Actual spend", shown_usd(found.paid), "what providers charged"
    yield "Proven saving", shown_usd(found.proven), "in this period"
    yield "Fee", shown_usd(found.fee), f"on {shown_usd(found.billed)} of billed saving"


def _verdict(*, is_off: bool, text: str) -> Verdict:
    if is_off:
        return Verdict("Billing paused", "danger", text)
    return Verdict("As agreed", "success", text)


def interval_context(points: Sequence[Point]) -> dict[str, Any]:
    """The plot for wide and for narrow windows, and the latest of its days as a table."""
    plots = {
        name: plotted(points, width=width, height=height) for name, (width, height) in SIZES.items()
    }
    return {
        "plots": {name: plot for name, plot in plots.items() if plot},
        "days": [_day(point) for point in reversed(points[-MOST_ROWS:])],
        "hidden_days": max(len(points) - MOST_ROWS, 0),
    }


def _mean(arm: Mapping[str, Any], unit: str) -> str:
    """With its unit; shares in percent."""
    mean = arm["mean"]
    if mean is None:
        return "–"
    return f"{mean * 100:,.2f} %" if unit == "share" else f"{mean:,.1f} {_UNITS.get(unit, unit)}"


def _day(point: Point) -> dict[str, str]:
    low, high = (None if each is None else usd(each) for each in (point.low, point.high))
    return {
        "day": f"{point.day:%-d %b %Y}",
        "units": f"{point.units:,}",
        "saved": shown_usd(usd(point.audited)),
        "low": shown_usd(low),
        "high": shown_usd(high),
    }
