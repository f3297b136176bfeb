"""Rows of the public schema: runs of agents, and how much of each allowance was used."""

from django.db import models

from apps.kernel.ids import uuid7
from apps.tenants.models import Organization, User


class AgentRun(models.Model):
    """An agent that somebody started."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    organization = models.ForeignKey(
        Organization, on_delete=models.CASCADE, related_name="agent_runs"
    )
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="agent_runs")
    at = models.DateTimeField()

    class Meta:
        indexes = (
            models.Index(fields=("organization", "user", "at"), name="agent_runs_of_a_person"),
            models.Index(fields=("at",), name="agent_runs_by_age"),
        )

    def __str__(self) -> str:
        return f"{self.user_id} at {self.at}"


class Standing(models.Model):
    """What was used of an allowance when it was last measured.

    amount: None is without a bound. period: in which it is told about once, like `202603`.
    told_percent: the largest share of the amount that was told in `period`.
    """

    organization = models.ForeignKey(
        Organization, on_delete=models.CASCADE, related_name="standings"
    )
    allowance = models.CharField(max_length=32)
    used = models.BigIntegerField()
    amount = models.BigIntegerField(null=True)
    period = models.CharField(max_length=8)
    told_percent = models.PositiveSmallIntegerField(default=0)
    measured_at = models.DateTimeField()

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=("organization", "allowance"), name="one_standing_each_allowance"
            ),
        )

    def __str__(self) -> str:
        return f"{self.allowance}: {self.used} of {self.amount}"

    @property
    def percent(self) -> int:
        """Used, in percent of the amount, rounded down; 0 without a bound."""
        if self.amount is None:
            return 0
        return self.used * 100 // self.amount if self.amount else 100
