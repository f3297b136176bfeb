"""Forms about projects."""

from django import forms


class ProjectForm(forms.Form):
    name = forms.CharField(
        label="Name",
        max_length=80,
        help_text="A product, team or environment whose calls you want to see together.",
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
