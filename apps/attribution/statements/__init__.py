"""What a period's statement says, and what it may ask for: pure arithmetic, in whole numbers."""

from apps.attribution.statements.closing import (
    ATOMS_PER_NANO,
    Carried,
    Contract,
    Evidence,
    NotTheNextPeriod,
    Period,
    Statement,
    close,
)
from apps.attribution.statements.figures import Amounts, Point, amounts, usd, usd_of_minor
from apps.attribution.statements.plotting import Plot, plotted
from apps.attribution.statements.wording import (
    METHOD,
    LeverLine,
    Line,
    draw_words,
    lever_label,
    lever_lines,
    meaning,
    percent,
    period_title,
    statement_lines,
)

__all__ = [
    "ATOMS_PER_NANO",
    "METHOD",
    "Amounts",
    "Carried",
    "Contract",
    "Evidence",
    "LeverLine",
    "Line",
    "NotTheNextPeriod",
    "Period",
    "Plot",
    "Point",
    "Statement",
    "amounts",
    "close",
    "draw_words",
    "lever_label",
    "lever_lines",
    "meaning",
    "percent",
    "period_title",
    "plotted",
    "statement_lines",
    "usd",
    "usd_of_minor",
]
