"""Forms about projects."""

from django import forms

from apps.tenants.models.project import LONGEST_RETENTION_DAYS


class ProjectForm(forms.Form):
    name = forms.CharField(
        label="Name",
        max_length=80,
        help_text="A product, team or environment whose calls you want to see together.",
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )


class ContentForm(forms.Form):
    stores_content = forms.BooleanField(
        label="Keep the prompts and answers of this project's calls", required=False
    )
    retention_days = forms.IntegerField(
        label="Days to keep them",
        min_value=1,
        max_value=LONGEST_RETENTION_DAYS,
        help_text="Each is deleted after this time.",
    )
