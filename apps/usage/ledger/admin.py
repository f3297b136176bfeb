"""The books on the staff site, to be read."""

from django.contrib import admin

from apps.tenants.admin.base import ReadOnlyAdmin, ReadOnlyInline
from apps.tenants.admin.site import staff_site
from apps.usage.ledger.models import Discrepancy, Entry, Journal, OrganizationDay


class EntryInline(ReadOnlyInline):
    model = Entry
    fields = ("unit", "account", "amount")
    ordering = ("unit", "account")


@admin.register(Journal, site=staff_site)
class JournalAdmin(ReadOnlyAdmin):
    list_display = ("booked_at", "kind", "organization_id", "project_id", "period")
    search_fields = ("=organization_id", "=batch_id")
    ordering = ("-id",)
    inlines = (EntryInline,)


@admin.register(OrganizationDay, site=staff_site)
class OrganizationDayAdmin(ReadOnlyAdmin):
    list_display = ("date", "organization_id", "kind", "calls", "spend_usd", "saved_usd")
    search_fields = ("=organization_id",)
    ordering = ("-date", "id")


@admin.register(Discrepancy, site=staff_site)
class DiscrepancyAdmin(ReadOnlyAdmin):
    """Figures that differ; docs/runbooks/discrepancy.md says what to do."""

    list_display = ("period", "organization_id", "unit", "first_seen_at", "resolved_at")
    list_filter = ("unit",)
    search_fields = ("=organization_id",)
    ordering = ("-first_seen_at", "-id")
