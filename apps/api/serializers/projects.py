"""Projects as the API shows and takes them."""

from rest_framework import serializers

from apps.api.serializers.fields import Input, NameField
from apps.tenants.models import Project


class ProjectOut(serializers.ModelSerializer[Project]):
    """A group of keys and usage."""

    class Meta:
        model = Project
        fields = ("id", "name", "created_at", "archived_at")
        read_only_fields = fields


class ProjectNew(Input):
    """A project to open."""

    name = NameField()


class ProjectChange(Input):
    """Another name for a project."""

    name = NameField()
