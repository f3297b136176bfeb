"""Forms about webhooks and notices."""

from datetime import timedelta

from django import forms

from apps.notices.kinds import LABELS
from apps.notices.services.endpoints import LONGEST_URL
from apps.portal.forms.keys import OnceForm

KINDS = [(kind.value, label) for kind, label in LABELS.items()]
OVERLAP_HOURS = [("0", "At once"), ("1", "In an hour"), ("24", "In 24 hours"), ("168", "In 7 days")]


class WebhookForm(forms.Form):
    """Where to send which notices."""

    url = forms.CharField(
        label="Address",
        max_length=LONGEST_URL,
        help_text="A public https address that answers with a status of 200 to 299 within 15 s.",
        widget=forms.URLInput(attrs={"autocomplete": "off", "placeholder": "https://"}),
    )
    kinds = forms.MultipleChoiceField(
        label="Send",
        choices=KINDS,
        required=False,
        help_text="Without a choice all are sent, also kinds that are added later.",
        widget=forms.CheckboxSelectMultiple,
    )
    description = forms.CharField(label="Description", max_length=80, required=False)


class NewWebhookForm(WebhookForm, OnceForm):
    """An endpoint to add; its secret is in the answer."""


class SecretRotationForm(OnceForm):
    overlap_hours = forms.TypedChoiceField(
        label="The old secret stops signing",
        choices=OVERLAP_HOURS,
        coerce=int,
        initial="24",
        help_text="Until then each message carries a signature of both.",
    )

    @property
    def overlap(self) -> timedelta:
        """How long both secrets sign."""
        return timedelta(hours=self.cleaned_data["overlap_hours"])


class NoticeEmailsForm(forms.Form):
    kinds = forms.MultipleChoiceField(
        label="E-mail me when",
        choices=KINDS,
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
