"""Experiments and their periods, in the organization's own schema."""

from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from apps.kernel.ids import uuid7

RAMP = (0, 10, 50, 100)
LEAST_HOLDOUT, MOST_HOLDOUT, USUAL_HOLDOUT = 1, 20, 10


class Experiment(models.Model):
    """What is compared: levers against none, in a project or in the whole organization.

    holdout_percent, ramp_percent: of the next period that is committed by itself. stopped_at: since
    when no further period follows; the last one still ends as it was committed to.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    name = models.TextField()
    project_id = models.UUIDField(null=True, help_text="Empty for the whole organization.")
    holdout_percent = models.SmallIntegerField(default=USUAL_HOLDOUT, db_default=USUAL_HOLDOUT)
    ramp_percent = models.SmallIntegerField(default=100, db_default=100)
    stopped_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=("project_id",),
                condition=Q(stopped_at=None),
                nulls_distinct=False,
                name="one_open_experiment_each_place",
            ),
            models.CheckConstraint(
                condition=Q(holdout_percent__range=(LEAST_HOLDOUT, MOST_HOLDOUT)),
                name="planned_holdout_is_a_small_share",
            ),
            models.CheckConstraint(
                condition=Q(ramp_percent__in=RAMP), name="planned_ramp_is_a_step_of_the_ramp"
            ),
        )

    def __str__(self) -> str:
        return self.name


class Period(models.Model):
    """[starts_at, ends_at) of an experiment: shares change between periods only.

    sealed_salt: 32 bytes under the organization's data key, unknown until the period is over.
    commitment: its SHA-256, published from the beginning.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    experiment = models.ForeignKey(Experiment, on_delete=models.RESTRICT, related_name="periods")
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    holdout_percent = models.SmallIntegerField()
    ramp_percent = models.SmallIntegerField()
    sealed_salt = models.BinaryField()
    commitment = models.CharField(max_length=64)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        constraints = (
            models.CheckConstraint(
                condition=Q(holdout_percent__range=(LEAST_HOLDOUT, MOST_HOLDOUT)),
                name="holdout_is_a_small_share",
            ),
            models.CheckConstraint(
                condition=Q(ramp_percent__in=RAMP), name="ramp_is_a_step_of_the_ramp"
            ),
            models.CheckConstraint(
                condition=Q(ends_at__gt=F("starts_at")), name="period_ends_after_it_starts"
            ),
            models.CheckConstraint(
                condition=Q(created_at__lte=F("starts_at")), name="period_is_committed_before"
            ),
        )
        indexes = (models.Index(fields=("experiment", "starts_at"), name="periods_in_order"),)

    def __str__(self) -> str:
        return f"{self.starts_at} to {self.ends_at}"
