"""Projects as the API shows and takes them."""

from rest_framework import serializers

from apps.api.serializers.fields import Input, NameField
from apps.tenants.models import Project
from apps.tenants.models.project import LONGEST_RETENTION_DAYS


class ProjectOut(serializers.ModelSerializer[Project]):
    """A group of keys and usage."""

    class Meta:
        model = Project
        fields = (
            "id", "name", "stores_content", "content_retention_days", "created_at", "archived_at",
        )  # fmt: skip
        read_only_fields = fields


class ProjectNew(Input):
    """A project to open."""

    name = NameField()


class ProjectChange(Input):
    """Another name for a project."""

    name = NameField()


class ProjectContent(Input):
    """Whether prompts and answers of the project's calls are kept."""

    stores_content = serializers.BooleanField()
    retention_days = serializers.IntegerField(
        min_value=1, max_value=LONGEST_RETENTION_DAYS, help_text="How long each is kept."
    )
