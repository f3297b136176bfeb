"""Forms about imports."""

from typing import Any
from uuid import UUID

from django import forms

from apps.tenants.models import Organization
from apps.tenants.selectors import open_projects
from apps.usage.imports.formats import FORMATS
from apps.usage.imports.services import ImportTerms

MOST_PROJECTS = 500


class ImportForm(forms.Form):
    """A log to import."""

    file = forms.FileField(
        label="File", help_text="JSONL, JSON or CSV, up to 5 GB, as it is or packed by gzip."
    )
    format = forms.ChoiceField(
        label="Format",
        required=False,
        choices=[("", "Find out"), *((name, each.label) for name, each in FORMATS.items())],
    )

    def __init__(self, *args: Any, organization: Organization, **options: Any) -> None:
        super().__init__(*args, **options)
        rows = open_projects(organization)[:MOST_PROJECTS]
        self.fields["project"] = forms.ChoiceField(
            label="Count the calls in", choices=[(str(row.pk), row.name) for row in rows]
        )

    def terms(self) -> ImportTerms:
        """What was said of the file."""
        typed = self.cleaned_data
        return ImportTerms(typed["file"].name, typed["format"], UUID(typed["project"]))
