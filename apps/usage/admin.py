"""Repricing on the staff site: asked for here, done in the background, kept for ever."""

from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest

from apps.kernel.clock import utc_now
from apps.pricing.models import PriceBookEdition
from apps.tenants.admin.base import StaffAdmin
from apps.tenants.admin.site import staff_site
from apps.tenants.models import Organization
from apps.usage.ledger.models import Repricing
from apps.usage.services.repricing import request_repricing


class RepricingForm(forms.ModelForm):  # type: ignore[type-arg]  # no generic at run time
    """Whose month is priced by which version."""

    organization = forms.ModelChoiceField(Organization.objects.order_by("slug"))
    edition = forms.ModelChoiceField(
        PriceBookEdition.objects.order_by("-version"),
        label="Version of the price book",
        help_text="Prices are those of the time at which each call started, as this version says.",
    )

    class Meta:
        model = Repricing
        fields = ("organization", "period", "edition")
        help_texts = {"period": "Any day of the month (UTC) whose calls are priced again."}


@admin.register(Repricing, site=staff_site)
class RepricingAdmin(StaffAdmin):
    """What was asked for stays; to undo it, price the month by the version of before."""

    form = RepricingForm
    list_display = (
        "requested_at", "organization_id", "period", "price_version", "requested_by",
        "finished_at", "outcome",
    )  # fmt: skip
    search_fields = ("=organization_id",)
    ordering = ("-requested_at", "-id")

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        saved = request_repricing(
            organization=form.cleaned_data["organization"],
            period=form.cleaned_data["period"],
            price_version=form.cleaned_data["edition"].version,
            by=request.user.get_username(),
            at=utc_now(),
        )
        # The page goes on to show and log the row that the service wrote.
        for name in ("pk", "organization_id", "period", "price_version"):
            setattr(obj, name, getattr(saved, name))
        obj._state.adding = False
