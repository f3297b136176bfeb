"""Background work: what runs when, and what waits in the outbox."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django_celery_beat.models import PeriodicTask

from apps.tenants.admin.base import ReadOnlyAdmin, StaffAdmin
from apps.tenants.admin.site import staff_site
from apps.tenants.models import Job


@admin.register(PeriodicTask, site=staff_site)
class PeriodicTaskAdmin(StaffAdmin):
    """Schedules are code; a superuser may pause one."""

    list_display = ("name", "task", "enabled", "last_run_at", "total_run_count")
    search_fields = ("name", "task")
    ordering = ("name",)
    fields = ("name", "task", "enabled", "last_run_at", "total_run_count")
    readonly_fields = ("name", "task", "last_run_at", "total_run_count")

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(Job, site=staff_site)
class JobAdmin(ReadOnlyAdmin):
    """Without its arguments, which may hold a sealed token."""

    list_display = ("task", "organization", "created_at", "published_at", "finished_at")
    list_select_related = ("organization",)
    search_fields = ("organization__slug", "task")
    ordering = ("-created_at", "-id")
    fields = ("organization", "task", "created_at", "published_at", "finished_at")
