"""Prices on the staff site: editions to read, contracts to set and end through their services."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.http import HttpRequest
from unfold.widgets import UnfoldAdminTextareaWidget

from apps.kernel.clock import utc_now
from apps.kernel.errors import NetraError
from apps.pricing.models import ContractedRate, PriceBookEdition
from apps.pricing.services import check_terms, end_contracted_rate, set_contracted_rate
from apps.tenants.admin.audit import EventAdmin, audited_events
from apps.tenants.admin.base import ReadOnlyAdmin, StaffAdmin
from apps.tenants.admin.site import staff_site

for model in audited_events("pricing"):
    staff_site.register(model, EventAdmin)


@admin.register(PriceBookEdition, site=staff_site)
class PriceBookEditionAdmin(ReadOnlyAdmin):
    list_display = ("version", "catalogue", "in_force_from", "reason")
    list_select_related = ("catalogue",)
    ordering = ("-version",)
    fields = ("version", "catalogue", "in_force_from", "reason")


class ContractedRateForm(forms.ModelForm):  # type: ignore[type-arg]  # no generic at run time
    """What was agreed; refused where the service would refuse it."""

    class Meta:
        model = ContractedRate
        fields = (
            "organization", "provider", "model", "tier", "region", "terms", "source",
            "valid_from", "valid_to",
        )  # fmt: skip
        widgets = {"terms": UnfoldAdminTextareaWidget()}
        help_texts = {
            "terms": 'As JSON: {"discount": "0.15"} off the list, or {"per_mtok": '
            '{"input_uncached": "2.00", "cache_read": "0.20", "output": "8.00"}} in USD per '
            "million tokens."
        }

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if {"terms", "tier"} <= cleaned.keys():
            try:
                check_terms(terms=cleaned["terms"], tier=cleaned["tier"])
            except NetraError as error:
                self.add_error("terms", error.detail)
        return cleaned


@admin.register(ContractedRate, site=staff_site)
class ContractedRateAdmin(StaffAdmin):
    """A saved rate is never edited: withdraw it and set another."""

    form = ContractedRateForm
    list_display = (
        "organization", "provider", "model", "tier", "source", "valid_from", "valid_to",
        "introduced", "ended",
    )  # fmt: skip
    list_select_related = ("organization", "introduced", "ended")
    search_fields = ("organization__slug", "provider", "model")
    ordering = ("-introduced", "-id")
    autocomplete_fields = ("organization",)
    actions = ("withdraw",)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        saved = set_contracted_rate(at=utc_now(), **form.cleaned_data)
        # The page goes on to show and log the row that the service wrote.
        obj.pk, obj.introduced, obj._state.adding = saved.pk, saved.introduced, False

    @admin.action(description="Withdraw from now on", permissions=["add"])
    def withdraw(self, request: HttpRequest, chosen: Any) -> None:
        """End the chosen rates in a new version; calls priced so far keep their price."""
        open_rates = list(chosen.filter(ended=None).order_by("id"))
        for rate in open_rates:
            end_contracted_rate(rate_id=rate.pk, at=utc_now())
        messages.success(request, f"{len(open_rates)} contracted rates withdrawn.")
