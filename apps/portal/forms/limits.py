"""Forms about limits. Alerts are typed in percent and kept as shares."""

from decimal import Decimal, InvalidOperation
from typing import Any
from uuid import UUID

from django import forms

from apps.portal.subjects import subject_choices
from apps.tenants.models import LimitKind, Organization
from apps.tenants.models.limit import BUDGET_WINDOWS, MOST_ALERTS
from apps.tenants.services.limits import MOST_AMOUNT, LimitTerms


class FiguresForm(forms.Form):
    """The figures of a limit."""

    amount = forms.DecimalField(
        label="At most",
        min_value=Decimal("0.000001"),
        max_value=MOST_AMOUNT,
        max_digits=20,
        decimal_places=6,
        help_text="Requests, tokens, calls at once, or US dollars.",
    )
    alerts = forms.CharField(
        label="Warn at, in percent",
        max_length=80,
        required=False,
        help_text=f"Of a budget; up to {MOST_ALERTS}, for example 50, 80.",
        widget=forms.TextInput(attrs={"autocomplete": "off", "inputmode": "decimal"}),
    )
    is_hard = forms.BooleanField(
        label="Refuse calls beyond it",
        required=False,
        initial=True,
        help_text="Otherwise it only warns.",
    )

    def clean_alerts(self) -> tuple[Decimal, ...]:
        """Shares, not percent."""
        words = self.cleaned_data["alerts"].replace("%", " ").replace(",", " ").split()
        try:
            shares = tuple(Decimal(word) / 100 for word in words)
        except InvalidOperation as error:
            raise forms.ValidationError("Write numbers like 50, 80.") from error
        if not all(share.is_finite() for share in shares):
            raise forms.ValidationError("Write numbers like 50, 80.")
        return shares


class LimitForm(FiguresForm):
    """A limit to set."""

    kind = forms.ChoiceField(label="Limits", choices=LimitKind.choices)
    window = forms.ChoiceField(
        label="A budget is for each",
        choices=[("", "–"), *((window.value, window.label) for window in BUDGET_WINDOWS)],
        required=False,
        help_text="Days and months in UTC. Only budgets have one to choose.",
    )

    def __init__(self, *args: Any, organization: Organization, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["subject"] = forms.ChoiceField(
            label="Holds for", choices=subject_choices(organization)
        )
        self.order_fields(("subject", "kind", "amount", "window", "alerts", "is_hard"))

    def terms(self) -> LimitTerms:
        """What was typed."""
        typed = self.cleaned_data
        kind, _, subject_id = typed["subject"].partition(":")
        return LimitTerms(
            kind=typed["kind"],
            amount=typed["amount"],
            window=typed["window"] or None,
            project_id=UUID(subject_id) if kind == "project" else None,
            api_key_id=UUID(subject_id) if kind == "key" else None,
            alert_fractions=typed["alerts"],
            is_hard=typed["is_hard"],
        )
