"""The one question of the first key."""

from typing import Any

from django import forms

from apps.portal.forms.keys import OnceForm
from apps.tenants.models import Organization
from apps.tenants.selectors import open_projects


class FirstKeyForm(OnceForm):
    """Which project the key is of; asked only where there are several."""

    def __init__(self, *args: Any, organization: Organization, **options: Any) -> None:
        super().__init__(*args, **options)
        projects = list(open_projects(organization)[:2])
        self.has_project = bool(projects)
        self.fields["project"] = forms.ModelChoiceField(
            queryset=open_projects(organization),
            label="Project",
            empty_label=None,
            initial=projects[0].pk if projects else None,
            widget=forms.Select if len(projects) > 1 else forms.HiddenInput,
        )
