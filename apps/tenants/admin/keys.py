"""API keys: seen by their hint, revoked when they leaked."""

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest

from apps.kernel.clock import utc_now
from apps.tenants.admin.base import ReadOnlyAdmin
from apps.tenants.admin.site import staff_site
from apps.tenants.models import ApiKey
from apps.tenants.permissions import KEY_SCOPES
from apps.tenants.services.api_keys import KeyNotActive, revoke_api_key


@admin.register(ApiKey, site=staff_site)
class ApiKeyAdmin(ReadOnlyAdmin):
    list_display = ("name", "hint", "organization", "project", "state", "last_used_at")
    list_select_related = ("organization", "project")
    list_filter = ("is_test",)
    search_fields = ("organization__slug", "name", "hint")
    ordering = ("-created_at", "-id")
    fields = (
        "organization", "project", "name", "hint", "is_test", "scopes", "created_by",
        "created_at", "expires_at", "revoked_at", "last_used_at", "replaces",
    )  # fmt: skip
    actions = ("revoke",)

    @admin.display(description="State")
    def state(self, api_key: ApiKey) -> str:
        return api_key.state(at=utc_now())

    def has_revoke_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return request.user.has_perm("tenants.change_apikey")

    @admin.action(description="Revoke at once", permissions=["revoke"])
    def revoke(self, request: HttpRequest, queryset: QuerySet[ApiKey]) -> None:
        revoked = sum(_revoke(api_key) for api_key in queryset.select_related("organization"))
        messages.success(request, f"Keys revoked: {revoked}. Others had ended before.")


def _revoke(api_key: ApiKey) -> bool:
    try:
        revoke_api_key(
            organization=api_key.organization,
            api_key_id=api_key.pk,
            granted_by=KEY_SCOPES,
            at=utc_now(),
        )
    except KeyNotActive:
        return False
    return True
