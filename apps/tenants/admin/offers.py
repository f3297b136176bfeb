"""What organizations may use: entitlements and flags, the two things that staff write."""

from django.contrib import admin

from apps.tenants.admin.base import StaffAdmin
from apps.tenants.admin.site import staff_site
from apps.tenants.models import Entitlement, Flag


@admin.register(Flag, site=staff_site)
class FlagAdmin(StaffAdmin):
    list_display = ("code", "description", "is_on_for_all")
    search_fields = ("code", "description")
    ordering = ("code",)
    fields = ("code", "description", "is_on_for_all", "organizations")
    autocomplete_fields = ("organizations",)


@admin.register(Entitlement, site=staff_site)
class EntitlementAdmin(StaffAdmin):
    list_display = ("organization", "code", "value", "valid_from", "valid_until")
    list_select_related = ("organization",)
    search_fields = ("organization__slug", "code")
    ordering = ("-valid_from", "-id")
    fields = ("organization", "code", "value", "valid_from", "valid_until")
    autocomplete_fields = ("organization",)
