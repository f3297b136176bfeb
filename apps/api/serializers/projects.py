"""Projects as the API shows and takes them."""

from rest_framework import serializers

from apps.api.serializers.fields import Input, NameField
from apps.tenants.models import Project


class ProjectOut(serializers.ModelSerializer[Project]):
    class Meta:
        model = Project
        fields = ("id", "name", "created_at", "archived_at")
        read_only_fields = fields


class ProjectNew(Input):
    name = NameField()


class ProjectChange(Input):
    name = NameField()
