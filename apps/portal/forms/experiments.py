"""Forms about experiments."""

from typing import Any
from uuid import UUID

from django import forms

from apps.attribution.models import LEAST_HOLDOUT, MOST_HOLDOUT, RAMP, USUAL_HOLDOUT
from apps.tenants.models import Organization
from apps.tenants.selectors import open_projects

MOST_PROJECTS = 500


class SharesForm(forms.Form):
    """What holds from a period's beginning to its end."""

    holdout_percent = forms.IntegerField(
        label="Conversations held out, in percent",
        min_value=LEAST_HOLDOUT,
        max_value=MOST_HOLDOUT,
        initial=USUAL_HOLDOUT,
        help_text="No lever touches them: they show what would have been paid. With few "
        "conversations a larger share proves more; 10 % is usual, 2 to 5 % for large spends.",
    )
    ramp_percent = forms.TypedChoiceField(
        label="Traffic that takes part",
        choices=[(step, f"{step} %" if step else "0 %: pause all levers") for step in RAMP],
        coerce=int,
        initial=RAMP[-1],
        help_text="Levers leave the rest alone, and it is in neither group.",
    )


class ExperimentForm(SharesForm):
    """An experiment to make, with the shares of its first period."""

    name = forms.CharField(
        label="Name", max_length=80, widget=forms.TextInput(attrs={"autocomplete": "off"})
    )

    def __init__(self, *args: Any, organization: Organization, **options: Any) -> None:
        super().__init__(*args, **options)
        projects = open_projects(organization)[:MOST_PROJECTS]
        whole = ("", "The whole organization")
        self.fields["project"] = forms.ChoiceField(
            label="Compares",
            choices=[whole, *((str(row.pk), row.name) for row in projects)],
            required=False,
            help_text="A project with an experiment of its own is left out of the organization's.",
        )
        self.order_fields(("name", "project", "holdout_percent", "ramp_percent"))

    @property
    def project_id(self) -> UUID | None:
        """Of the project that is chosen; None for the whole organization."""
        chosen = self.cleaned_data["project"]
        return UUID(chosen) if chosen else None
