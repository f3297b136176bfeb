"""Forms of the admin site."""

from django import forms
from unfold.widgets import UnfoldAdminTextInputWidget, UnfoldBooleanWidget


class SupportAccessForm(forms.Form):
    """Why a member of staff enters an organization, and whether they may write there."""

    reason = forms.CharField(
        min_length=10,
        max_length=200,
        help_text="At least ten characters; the customer can read it.",
        widget=UnfoldAdminTextInputWidget(),
    )
    may_write = forms.BooleanField(
        required=False,
        label="May change things",
        help_text="Leave it off to look only.",
        widget=UnfoldBooleanWidget(),
    )
