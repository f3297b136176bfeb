"""Projects group keys and usage inside an organization."""

from django.db import models
from django.utils import timezone

from apps.kernel.ids import uuid7
from apps.tenants.models.announcement import announce_change
from apps.tenants.models.audit import audited
from apps.tenants.models.organization import Organization

LONGEST_RETENTION_DAYS = 365


@audited()
class Project(models.Model):
    """stores_content: prompts and answers of its calls are kept, sealed under the organization's
    data key, for `content_retention_days`.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    organization = models.ForeignKey(
        Organization, on_delete=models.CASCADE, related_name="projects"
    )
    name = models.CharField(max_length=80)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    archived_at = models.DateTimeField(null=True, blank=True, editable=False)

    stores_content = models.BooleanField(default=False, db_default=False, editable=False)
    content_retention_days = models.PositiveSmallIntegerField(
        default=30, db_default=30, editable=False
    )

    class Meta:
        constraints = (
            models.CheckConstraint(
                condition=models.Q(content_retention_days__range=(1, LONGEST_RETENTION_DAYS)),
                name="project_keeps_content_for_days",
            ),
            models.UniqueConstraint(
                fields=("organization", "name"),
                condition=models.Q(archived_at=None),
                name="project_name_is_unique_while_open",
                violation_error_message="An open project already has this name.",
            ),
        )
        triggers = (
            announce_change(on=("name", "archived_at", "stores_content", "content_retention_days")),
        )

    def __str__(self) -> str:
        return self.name
