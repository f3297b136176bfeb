"""What all pages of the admin site share: nothing is deleted, and little is changed."""

from typing import Any

from django.http import HttpRequest
from unfold.admin import ModelAdmin, TabularInline


class StaffAdmin(ModelAdmin):  # type: ignore[misc]  # unfold ships no types
    """Rows that staff may see, and change where Django's permissions allow it; never delete."""

    list_per_page = 50
    show_full_result_count = False
    list_max_show_all = 50

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class SeenOnly:
    """Mixed into an admin or inline: rows are shown and nothing else."""

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class ReadOnlyAdmin(SeenOnly, StaffAdmin):
    """Rows that staff may see only."""


class ReadOnlyInline(SeenOnly, TabularInline):  # type: ignore[misc]  # unfold ships no types
    """Rows of a parent that staff may see only."""

    extra = 0
    per_page = 20
    can_delete = False
