"""Disputes on the staff site: recompute, download the report, answer, correct."""

from collections.abc import Callable
from typing import Any, cast
from uuid import UUID

from django import forms
from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.html import format_html_join
from unfold.decorators import action

from apps.attribution.disputes.forms import AnswerForm, DisputeForm, RecomputeForm
from apps.attribution.disputes.models import Dispute, Recomputation
from apps.attribution.disputes.selectors import report_of
from apps.attribution.disputes.services import (
    answer_dispute,
    open_dispute,
    request_recomputation,
)
from apps.attribution.models import SavingsStatement
from apps.kernel.clock import utc_now
from apps.kernel.errors import NetraError
from apps.tenants.admin.audit import EventAdmin, audited_events
from apps.tenants.admin.base import StaffAdmin
from apps.tenants.admin.site import staff_site
from apps.tenants.context import tenant_scope

_PAGE = "admin:disputes_dispute_change"


@admin.register(Dispute, site=staff_site)
class DisputeAdmin(StaffAdmin):
    """What a customer, or we, doubt of a statement. Nothing here changes a statement."""

    form = DisputeForm
    list_display = ("opened_at", "organization", "period_number", "opened_by", "answered_at")
    list_select_related = ("organization",)
    list_filter = (("answered_at", admin.EmptyFieldListFilter),)
    search_fields = ("organization__slug", "=statement_id", "=id")
    ordering = ("-opened_at", "-id")
    readonly_fields = ("reports",)
    actions_detail = ("recompute", "report", "answer")

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_work_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return request.user.has_perm("disputes.add_dispute")

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        if obj is None:
            return ("organization", "statement_id", "reason")
        return (
            "organization", "period_number", "statement_id", "experiment_id", "reason",
            "opened_by", "is_by_staff", "opened_at", "answer", "answered_by", "answered_at",
            "correction_id", "reports",
        )  # fmt: skip

    @admin.display(description="Recomputations")
    def reports(self, dispute: Dispute) -> str:
        """Each in a line, the latest first; the report has all of it."""
        rows = dispute.recomputations.order_by("-requested_at", "-id")[:20]
        lines = (
            (f"{row.requested_at:%Y-%m-%d %H:%M}", row.requested_by, _said(row), row.reason)
            for row in rows
        )
        return format_html_join("", "<p>{} by {}: {} ({})</p>", lines) or "None yet"

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        with tenant_scope(form.cleaned_data["organization"]):
            saved = open_dispute(
                **form.cleaned_data,
                by=request.user.get_username(),
                is_by_staff=True,
                at=utc_now(),
            )
        # The page goes on to show and log the row that the service wrote.
        for field in Dispute._meta.concrete_fields:
            setattr(obj, field.attname, getattr(saved, field.attname))
        obj._state.adding = False

    def add_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        try:
            return super().add_view(request, *args, **kwargs)
        except (NetraError, SavingsStatement.DoesNotExist) as error:
            messages.error(request, getattr(error, "detail", "There is no such statement."))
            return redirect(request.path)

    @action(  # type: ignore[untyped-decorator]  # unfold ships no types
        description="Recompute", url_path="recompute", permissions=["work"]
    )
    def recompute(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Ask for the difference report, for a reason."""

        def act(dispute: Dispute, given: dict[str, Any], by: str) -> None:
            request_recomputation(dispute=dispute, by=by, at=utc_now(), **given)
            messages.success(request, "It is being recomputed. Reload the page for the report.")

        return self._form_page(request, object_id, RecomputeForm, "Recompute", act)

    @action(  # type: ignore[untyped-decorator]  # unfold ships no types
        description="Download report", url_path="report", permissions=["work"]
    )
    def report(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """The latest difference report, as a file."""
        dispute = get_object_or_404(Dispute.objects.select_related("organization"), pk=object_id)
        try:
            row = report_of(dispute.organization, dispute.pk)
        except Recomputation.DoesNotExist:
            messages.error(request, "There is no report yet. Recompute the statement first.")
            return redirect(_PAGE, dispute.pk)
        response = JsonResponse(row.report)
        response["Content-Disposition"] = f'attachment; filename="report-{row.pk}.json"'
        return response

    @action(  # type: ignore[untyped-decorator]  # unfold ships no types
        description="Answer", url_path="answer", permissions=["work"]
    )
    def answer(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Tell the customer what came of it, with or without a correction."""

        def act(dispute: Dispute, given: dict[str, Any], by: str) -> None:
            with tenant_scope(dispute.organization):
                answer_dispute(dispute_id=dispute.pk, by=by, at=utc_now(), **given)
            messages.success(request, "The customer was told.")

        return self._form_page(request, object_id, AnswerForm, "Answer", act)

    def _form_page(
        self,
        request: HttpRequest,
        object_id: str,
        form_class: type[forms.Form],
        title: str,
        act: Callable[[Dispute, dict[str, Any], str], None],
    ) -> HttpResponse:
        """A form of one step; what was done is logged with what was given."""
        dispute = get_object_or_404(
            Dispute.objects.select_related("organization"), pk=UUID(object_id)
        )
        form = form_class(request.POST or None)
        if form.is_valid():
            try:
                act(dispute, form.cleaned_data, request.user.get_username())
                self.log_change(cast(Any, request), dispute, f"{title}: {form.cleaned_data}")
                return redirect(_PAGE, dispute.pk)
            except NetraError as error:
                form.add_error(None, error.detail)
        context = staff_site.each_context(request) | {
            "title": f"{title}: {dispute}", "opts": self.opts, "form": form, "submit": title,
        }  # fmt: skip
        return render(request, "admin/one_step.html", context)


def _said(row: Recomputation) -> str:
    if row.report is None:
        return "not finished"
    if row.report["is_confirmed"]:
        return "confirmed to the cent"
    found, changed = len(row.report["findings"]), len(row.report["differences"])
    return f"{found} findings, {changed} figures differ"


for model in audited_events("disputes"):
    staff_site.register(model, EventAdmin)
