"""Where a person arrives, and how another organization is made."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render

from apps.kernel.clock import utc_now
from apps.portal.access import FORM, WRITE, PersonalRequest, open_view
from apps.portal.forms.errors import shown_in
from apps.portal.forms.organizations import OrganizationForm, SettingsForm
from apps.tenants.permissions import Access
from apps.tenants.selectors import organizations_of
from apps.tenants.services.organizations import create_organization
from apps.tenants.services.support import close_support_access


@open_view(Access.SIGNED_IN)
def start(request: PersonalRequest) -> HttpResponse:
    """Go to the organization used last, else the first, else to making one."""
    last_slug = request.session.get("organization")
    organizations = organizations_of(request.user)
    organization = organizations.filter(slug=last_slug).first() or organizations.first()
    if organization:
        return redirect("portal:home", slug=organization.slug)
    return redirect("portal:organization_create")


@open_view(Access.SIGNED_IN, methods=FORM)
def organization_create(request: PersonalRequest) -> HttpResponse:
    form = OrganizationForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        with shown_in(form, "name"):
            organization = create_organization(
                name=form.cleaned_data["name"], owner=request.user, at=utc_now()
            )
            messages.success(request, f"{organization.name} is ready.")
            return redirect("portal:home", slug=organization.slug)
    return render(request, "portal/organization_create.html", {"form": form})


@open_view(Access.SIGNED_IN, methods=WRITE)
def support_leave(request: PersonalRequest) -> HttpResponse:
    """End the support access of the member of staff who asks."""
    close_support_access(staff=request.user, at=utc_now())
    messages.success(request, "You left the organization.")
    return redirect("portal:start")


@open_view(Access.SIGNED_IN)
def styleguide(request: PersonalRequest) -> HttpResponse:
    """Every part of the design system on one page; routed in development only."""
    context = {
        "organization": organizations_of(request.user).first(),
        "form": SettingsForm(),
        "invalid_form": SettingsForm({"name": ""}),
        "table_columns": [{"label": "Project"}, {"label": "Keys", "is_numeric": True}],
        "table_rows": [
            [{"text": "Search", "column": "Project"}, {"text": "3", "is_numeric": True}],
            [{"text": "Checkout", "column": "Project"}, {"text": "12", "is_numeric": True}],
        ],
    }
    return render(request, "portal/styleguide.html", context)
