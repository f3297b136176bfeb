"""Charts as SVG: pure functions from figures to markup, coloured by the style sheets.

A chart says the same as the table beside it. It needs no script, and its parts tell their figures
to a mouse by <title>. Each is drawn for wide and for narrow windows; CSS shows one of the two.
"""

from apps.portal.charts.bars import Stack, stacked_bars
from apps.portal.charts.lines import Span, spans
from apps.portal.charts.svg import Said

__all__ = ["Said", "Span", "Stack", "spans", "stacked_bars"]
