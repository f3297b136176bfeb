"""The form that doubts a statement."""

from typing import Any
from uuid import UUID

from django import forms

from apps.attribution.disputes.services import LEAST_REASON, LONGEST_REASON
from apps.attribution.models import SavingsStatement
from apps.attribution.selectors import closed_statements

MOST_STATEMENTS = 200


class DisputeForm(forms.Form):
    """Which statement, and why."""

    statement = forms.ChoiceField(label="Savings statement")
    reason = forms.CharField(
        label="What is wrong with it?",
        min_length=LEAST_REASON,
        max_length=LONGEST_REASON,
        help_text="Our support reads it; at least ten characters.",
        widget=forms.Textarea(attrs={"rows": 5}),
    )

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        choices = [(str(row.pk), _named(row)) for row in closed_statements()[:MOST_STATEMENTS]]
        self.fields["statement"].choices = choices  # type: ignore[attr-defined]  # of a ChoiceField

    @property
    def statement_id(self) -> UUID:
        return UUID(self.cleaned_data["statement"])


def _named(row: SavingsStatement) -> str:
    starts, ends = (row.document[name][:10] for name in ("starts_at", "ends_at"))
    return f"Statement {row.number}: {starts} to {ends}"
