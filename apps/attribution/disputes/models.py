"""Rows of the public schema, so that our staff see them without entering an organization."""

from django.db import models
from django.db.models import Q

from apps.kernel.ids import uuid7
from apps.tenants.models import Organization
from apps.tenants.models.audit import audited


@audited()
class Dispute(models.Model):
    """A doubt about one savings statement. opened_by: the person or API key, or our staff.

    answered_at: None while it is open. correction_id: of the correction that it led to.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    organization = models.ForeignKey(
        Organization, on_delete=models.CASCADE, related_name="disputes"
    )
    experiment_id = models.UUIDField()
    statement_id = models.UUIDField()
    period_number = models.IntegerField()
    reason = models.TextField()
    opened_by = models.CharField(max_length=200)
    is_by_staff = models.BooleanField(default=False)
    opened_at = models.DateTimeField()
    staff_told_at = models.DateTimeField(null=True, editable=False)
    answer = models.TextField(blank=True)
    answered_by = models.CharField(max_length=200, blank=True)
    answered_at = models.DateTimeField(null=True)
    correction_id = models.UUIDField(null=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=("statement_id",),
                condition=Q(answered_at=None),
                name="one_open_dispute_each_statement",
            ),
        )
        indexes = (models.Index(fields=("organization", "-opened_at"), name="disputes_by_age"),)

    def __str__(self) -> str:
        return f"statement {self.period_number} of {self.organization_id}"

    @property
    def state(self) -> str:
        """`open` or `answered`."""
        return "answered" if self.answered_at else "open"


@audited()
class Recomputation(models.Model):
    """A statement recomputed once, for a reason. report: the difference report; None until then."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    dispute = models.ForeignKey(Dispute, on_delete=models.CASCADE, related_name="recomputations")
    reason = models.TextField()
    requested_by = models.CharField(max_length=200)
    requested_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)
    report = models.JSONField(null=True)

    class Meta:
        indexes = (models.Index(fields=("dispute", "requested_at"), name="recomputations_by_age"),)

    def __str__(self) -> str:
        return f"recomputation of {self.requested_at:%Y-%m-%d %H:%M}"
