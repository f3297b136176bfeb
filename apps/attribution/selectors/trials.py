"""The simulated optimisation of an import; to be read inside the organization's scope."""

from uuid import UUID

from apps.attribution.trials import TrialReport, trial_report
from apps.usage.imports.selectors import import_of, trial_sums


def import_report(import_id: UUID) -> TrialReport:
    """What was kept of an import, as figures. Raises Import.DoesNotExist."""
    row = import_of(import_id)
    return trial_report(trial_sums(row, "day"), trial_sums(row, "group"))
