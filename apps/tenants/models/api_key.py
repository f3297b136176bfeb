"""The index of virtual API keys: keyed digests only, never a key."""

from datetime import datetime

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils import timezone

from apps.kernel.ids import uuid7
from apps.tenants.models.announcement import announce_change
from apps.tenants.models.audit import audited
from apps.tenants.models.organization import Organization
from apps.tenants.models.project import Project
from apps.tenants.models.user import User


class ApiKeyQuerySet(models.QuerySet["ApiKey"]):
    def usable(self, *, at: datetime) -> "ApiKeyQuerySet":
        """Neither revoked nor expired at `at`, in a project and organization still open."""
        return self.filter(
            models.Q(expires_at=None) | models.Q(expires_at__gt=at),
            models.Q(revoked_at=None) | models.Q(revoked_at__gt=at),
            project__archived_at=None,
            organization__closed_at=None,
        )


@audited(exclude=("digest", "last_used_at"))
class ApiKey(models.Model):
    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    organization = models.ForeignKey(
        Organization, on_delete=models.CASCADE, related_name="api_keys"
    )
    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="api_keys")
    name = models.CharField(max_length=80)
    is_test = models.BooleanField(default=False)
    digest = models.CharField(max_length=64, unique=True, editable=False)
    pepper_id = models.CharField(max_length=32, editable=False)
    hint = models.CharField(
        max_length=24, editable=False, help_text="Prefix and last four characters."
    )
    scopes = ArrayField(models.CharField(max_length=32))
    created_by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    expires_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(
        null=True, blank=True, editable=False, help_text="May lie ahead while a rotation overlaps."
    )
    last_used_at = models.DateTimeField(null=True, blank=True, editable=False)
    replaces = models.ForeignKey(
        "self", null=True, on_delete=models.SET_NULL, related_name="replacements", editable=False
    )

    objects = ApiKeyQuerySet.as_manager()

    class Meta:
        # Not `last_used_at`: it changes each minute that a key is in use.
        triggers = (
            announce_change(
                on=("project_id", "name", "digest", "scopes", "expires_at", "revoked_at")
            ),
        )

    def __str__(self) -> str:
        return f"{self.name} ({self.hint})"

    def state(self, *, at: datetime) -> str:
        """active, retiring (revoked at a later time), expired or revoked."""
        if self.revoked_at and self.revoked_at <= at:
            return "revoked"
        if self.expires_at and self.expires_at <= at:
            return "expired"
        return "retiring" if self.revoked_at else "active"
