"""Projects group keys and usage inside an organization."""

from django.db import models
from django.utils import timezone

from apps.kernel.ids import uuid7
from apps.tenants.models.audit import audited
from apps.tenants.models.organization import Organization


@audited()
class Project(models.Model):
    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    organization = models.ForeignKey(
        Organization, on_delete=models.CASCADE, related_name="projects"
    )
    name = models.CharField(max_length=80)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    archived_at = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=("organization", "name"),
                condition=models.Q(archived_at=None),
                name="project_name_is_unique_while_open",
                violation_error_message="An open project already has this name.",
            ),
        )

    def __str__(self) -> str:
        return self.name
