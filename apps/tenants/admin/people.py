"""People: whether they may sign in; what our staff may do is for superusers to say."""

from typing import Any

from allauth.account.forms import ResetPasswordForm
from django.contrib import admin, messages
from django.contrib.auth.models import Group
from django.db.models import QuerySet
from django.http import HttpRequest

from apps.tenants.admin.base import ReadOnlyAdmin, ReadOnlyInline, StaffAdmin
from apps.tenants.admin.site import staff_site
from apps.tenants.models import Membership, User

POWERS = ("is_staff", "is_superuser", "groups")


class MembershipOfUserInline(ReadOnlyInline):
    model = Membership
    fields = ("organization", "role", "joined_at")
    readonly_fields = fields
    ordering = ("joined_at", "id")

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).select_related("organization")


@admin.register(User, site=staff_site)
class UserAdmin(StaffAdmin):
    """Neither password nor address is edited here: both would hand the account over."""

    list_display = ("email", "full_name", "is_active", "is_staff", "created_at", "last_login")
    list_filter = ("is_staff", "is_active")
    search_fields = ("email", "full_name")
    ordering = ("-created_at", "-id")
    fields = ("email", "full_name", "is_active", *POWERS, "created_at", "last_login")
    filter_horizontal = ("groups",)
    inlines = (MembershipOfUserInline,)
    actions = ("send_password_reset",)

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Colleagues are changed by superusers only."""
        is_colleague = isinstance(obj, User) and (obj.is_staff or obj.is_superuser)
        is_allowed = bool(super().has_change_permission(request, obj))
        return is_allowed and (bool(request.user.is_superuser) or not is_colleague)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        fixed = ("email", "created_at", "last_login")
        return fixed if request.user.is_superuser else (*fixed, *POWERS)

    @admin.action(description="Send a password reset", permissions=["change"])
    def send_password_reset(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        count = 0
        for user in queryset.filter(is_active=True)[:20]:
            form = ResetPasswordForm({"email": user.email})
            if form.is_valid():
                form.save(request)
                count += 1
        messages.success(request, f"Password resets sent: {count}.")


@admin.register(Group, site=staff_site)
class GroupAdmin(ReadOnlyAdmin):
    """What a group of staff may do; `prepare` writes it from code."""

    search_fields = ("name",)
    filter_horizontal = ("permissions",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Group]:
        # Each permission is shown with its model.
        groups: QuerySet[Group] = super().get_queryset(request)
        return groups.prefetch_related("permissions__content_type")
