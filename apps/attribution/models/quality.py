"""Quality beside cost, as it is watched while a period runs and as it was when it ended."""

from django.db import models

from apps.attribution.models.experiments import Period


class QualityWatch(models.Model):
    """One for each period with sealed units. state: watching.Watch. findings: what was known at
    `updated_at`, of `bound`, the customer's. paused: lever → when and why the guard paused it;
    once in a period, so that nobody's word is taken back twice.
    """

    period = models.OneToOneField(
        Period, on_delete=models.RESTRICT, primary_key=True, related_name="quality"
    )
    state = models.JSONField()
    findings = models.JSONField(default=list)
    bound = models.DecimalField(max_digits=5, decimal_places=4, default=0)
    paused = models.JSONField(default=dict)
    updated_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"quality of {self.period_id}"
