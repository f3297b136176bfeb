"""Organizations, who belongs to them, and how staff enter one."""

from typing import Any, cast
from uuid import UUID

from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from unfold.decorators import action

from apps.kernel.clock import utc_now
from apps.tenants.admin.base import ReadOnlyAdmin, ReadOnlyInline
from apps.tenants.admin.forms import SupportAccessForm
from apps.tenants.admin.site import staff_site
from apps.tenants.models import (
    Invitation,
    Membership,
    Organization,
    Project,
    ProviderCredential,
    SupportAccess,
    User,
)
from apps.tenants.services.support import (
    SupportAccessRefused,
    close_support_access,
    open_support_access,
)


class MembershipInline(ReadOnlyInline):
    model = Membership
    fields = ("user", "role", "joined_at")
    readonly_fields = fields
    ordering = ("joined_at", "id")

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).select_related("user")


class ProjectInline(ReadOnlyInline):
    model = Project
    fields = ("name", "created_at", "archived_at")
    readonly_fields = fields
    ordering = ("created_at", "id")


@admin.register(Organization, site=staff_site)
class OrganizationAdmin(ReadOnlyAdmin):
    list_display = ("name", "slug", "currency", "is_system", "created_at", "closed_at")
    list_filter = ("is_system",)
    search_fields = ("name", "slug", "memberships__user__email")
    ordering = ("-created_at", "-id")
    fields = (
        "name", "slug", "id", "schema_name", "time_zone", "currency", "is_system", "created_at",
        "closed_at",
    )  # fmt: skip
    inlines = (MembershipInline, ProjectInline)
    actions_detail = ("support_access",)

    def has_enter_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return request.user.has_perm("tenants.add_supportaccess")

    @action(  # type: ignore[untyped-decorator]  # unfold ships no types
        description="Support access", url_path="support-access", permissions=["enter"]
    )
    def support_access(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Enter the organization for a reason and an hour, or leave it again."""
        organization = get_object_or_404(Organization, pk=UUID(object_id), closed_at=None)
        if "leave" in request.POST:
            return leave(request, organization)
        form = SupportAccessForm(request.POST or None)
        if form.is_valid() and enter(request, organization, form):
            return redirect("portal:home", slug=organization.slug)
        return render(request, "admin/support_access.html", self._page(request, organization, form))

    def _page(
        self, request: HttpRequest, organization: Organization, form: SupportAccessForm
    ) -> dict[str, Any]:
        accesses = SupportAccess.objects.open(at=utc_now()).select_related("staff")
        return {
            **staff_site.each_context(request),
            "title": f"Support access to {organization}",
            "opts": self.opts,
            "organization": organization,
            "form": form,
            "open_accesses": accesses.filter(organization=organization).order_by("id")[:20],
        }


def enter(request: HttpRequest, organization: Organization, form: SupportAccessForm) -> bool:
    """Open the access that `form` asks for; a refusal becomes an error of the form."""
    try:
        open_support_access(
            organization=organization,
            staff=cast(User, request.user),
            reason=form.cleaned_data["reason"],
            may_write=form.cleaned_data["may_write"],
            at=utc_now(),
        )
    except SupportAccessRefused as error:
        form.add_error("reason", error.detail)
        return False
    return True


def leave(request: HttpRequest, organization: Organization) -> HttpResponse:
    """End the access of the person who asks."""
    count = close_support_access(staff=cast(User, request.user), at=utc_now())
    messages.success(request, "Support access ended." if count else "No access was open.")
    return redirect("admin:tenants_organization_change", organization.pk)


@admin.register(Invitation, site=staff_site)
class InvitationAdmin(ReadOnlyAdmin):
    list_display = ("email", "organization", "role", "created_at", "expires_at", "accepted_at")
    list_select_related = ("organization",)
    search_fields = ("email", "organization__slug")
    ordering = ("-created_at", "-id")
    fields = (
        "organization", "email", "role", "invited_by", "created_at", "expires_at", "accepted_at",
        "revoked_at",
    )  # fmt: skip


@admin.register(ProviderCredential, site=staff_site)
class ProviderCredentialAdmin(ReadOnlyAdmin):
    """What is stored and since when; the secret itself cannot be shown."""

    list_display = ("provider", "name", "organization", "hint", "created_at", "replaced_at")
    list_select_related = ("organization",)
    search_fields = ("organization__slug", "provider", "name")
    ordering = ("-created_at", "-id")
    fields = ("organization", "provider", "name", "hint", "created_at", "replaced_at")


@admin.register(SupportAccess, site=staff_site)
class SupportAccessAdmin(ReadOnlyAdmin):
    list_display = ("staff", "organization", "reason", "may_write", "started_at", "ended_at")
    list_select_related = ("staff", "organization")
    search_fields = ("staff__email", "organization__slug")
    ordering = ("-started_at", "-id")
    fields = (
        "staff", "organization", "reason", "may_write", "started_at", "expires_at", "ended_at",
    )  # fmt: skip
