"""Forms about links to the proof."""

from django import forms

from apps.attribution.sharing.services import LEAST_DAYS, MOST_DAYS


class ProofLinkForm(forms.Form):
    """For whom a link is, and how long it opens."""

    name = forms.CharField(
        label="For whom",
        max_length=80,
        help_text="Only you see it, to know later which link to revoke.",
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    days = forms.IntegerField(
        label="Opens for so many days",
        min_value=LEAST_DAYS,
        max_value=MOST_DAYS,
        initial=30,
    )
    has_archive = forms.BooleanField(
        label="Let them download the archive",
        required=False,
        initial=True,
        help_text="They can then check every figure themselves. It names no person and holds no "
        "prompt, but the tokens of each conversation and the prices you pay.",
    )
