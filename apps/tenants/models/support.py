"""Our staff acting inside an organization: explicit, timed, with a reason."""

from datetime import datetime

from django.db import models
from django.utils import timezone

from apps.kernel.ids import uuid7
from apps.tenants.models.audit import audited
from apps.tenants.models.organization import Organization
from apps.tenants.models.user import User


class SupportAccessQuerySet(models.QuerySet["SupportAccess"]):
    def open(self, *, at: datetime) -> "SupportAccessQuerySet":
        return self.filter(ended_at=None, expires_at__gt=at)


@audited()
class SupportAccess(models.Model):
    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    organization = models.ForeignKey(
        Organization, on_delete=models.CASCADE, related_name="support_accesses"
    )
    staff = models.ForeignKey(User, on_delete=models.PROTECT, related_name="support_accesses")
    reason = models.CharField(max_length=200)
    may_write = models.BooleanField(default=False)
    started_at = models.DateTimeField(default=timezone.now, editable=False)
    expires_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True, editable=False)

    objects = SupportAccessQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "support accesses"

    def __str__(self) -> str:
        return f"{self.staff} in {self.organization}: {self.reason}"
