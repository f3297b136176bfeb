"""The organization as the API shows and takes it."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from apps.api.serializers.fields import Choice, Input, NameField
from apps.kernel.clock import utc_now
from apps.kernel.money import MINOR_DIGITS
from apps.tenants.models import Organization
from apps.tenants.selectors import entitlements


class OrganizationOut(serializers.ModelSerializer[Organization]):
    """An organization."""

    plan = serializers.SerializerMethodField()
    entitlements = serializers.SerializerMethodField()

    class Meta:
        model = Organization
        fields = (
            "id", "name", "slug", "time_zone", "currency", "plan", "entitlements", "created_at",
        )  # fmt: skip
        read_only_fields = fields

    def to_representation(self, instance: Organization) -> dict[str, Any]:
        self.in_force = entitlements(instance, at=utc_now())
        return super().to_representation(instance)

    @extend_schema_field({"type": ["string", "null"], "description": "Code of the plan."})
    def get_plan(self, _organization: Organization) -> Any:
        return self.in_force.get("plan")

    @extend_schema_field(
        {
            "type": "object",
            "description": "What the organization may use now: code and value.",
            "additionalProperties": {"type": ["string", "number", "boolean"]},
        }
    )
    def get_entitlements(self, _organization: Organization) -> dict[str, Any]:
        return {code: value for code, value in self.in_force.items() if code != "plan"}


class OrganizationChange(Input):
    """What members may change; fields left out stay as they are."""

    name = NameField(required=False)
    time_zone = serializers.CharField(
        max_length=64, required=False, help_text="IANA name, for example Europe/Berlin."
    )
    currency = Choice(choices=list(MINOR_DIGITS), required=False)
