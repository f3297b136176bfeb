"""What saving may spoil, watched beside what it costs: pure, on the estimators' own scores.

`Watch` adds up units as their rows are sealed, by lever and metric; `findings` says what is known,
at any time. Which lever is paused, and how people hear of it, is `services.guarding`.
"""

from apps.attribution.watching.findings import ALPHA, Reading, breached_levers, findings
from apps.attribution.watching.metrics import METRICS, Metric, Watched
from apps.attribution.watching.watch import ALL, Watch

__all__ = [
    "ALL",
    "ALPHA",
    "METRICS",
    "Metric",
    "Reading",
    "Watch",
    "Watched",
    "breached_levers",
    "findings",
]
