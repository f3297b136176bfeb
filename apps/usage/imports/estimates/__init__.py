"""Read-only estimates of the levers from a log."""

from apps.usage.imports.estimates.content import Hasher
from apps.usage.imports.estimates.levers import Looker, Sighting
from apps.usage.imports.estimates.patterns import fold
from apps.usage.imports.estimates.report import estimates

__all__ = ["Hasher", "Looker", "Sighting", "estimates", "fold"]
