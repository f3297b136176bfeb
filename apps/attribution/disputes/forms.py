"""Forms of the staff site: a reason for everything, and what the customer is answered."""

from typing import Any

from django import forms
from unfold.widgets import UnfoldAdminTextareaWidget, UnfoldBooleanWidget

from apps.attribution.disputes.models import Dispute
from apps.attribution.disputes.services import LEAST_REASON, LONGEST_REASON
from apps.tenants.models import Organization


def _text(help_text: str) -> forms.CharField:
    return forms.CharField(
        min_length=LEAST_REASON,
        max_length=LONGEST_REASON,
        help_text=help_text,
        widget=UnfoldAdminTextareaWidget(),
    )


class RecomputeForm(forms.Form):
    """Why a statement is recomputed."""

    reason = _text("At least ten characters; it is kept with the report.")


class AnswerForm(forms.Form):
    """What the customer is told."""

    answer = _text("At least ten characters; the customer reads it.")
    is_corrected = forms.BooleanField(
        required=False,
        label="Write the recomputed figures beside the statement",
        help_text="As a correction, by the last report. The statement itself stays.",
        widget=UnfoldBooleanWidget(),
    )


class DisputeForm(forms.ModelForm):  # type: ignore[type-arg]  # no generic at run time
    """A dispute that our staff open themselves."""

    organization = forms.ModelChoiceField(Organization.objects.order_by("slug"))
    reason = _text("At least ten characters; the customer can read it.")

    class Meta:
        model = Dispute
        fields: Any = ("organization", "statement_id", "reason")
