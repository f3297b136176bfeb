"""Forms about provider credentials; what was typed as a secret is never drawn again."""

from django import forms

from apps.tenants.services.credentials import PROVIDERS


class SecretForm(forms.Form):
    secret = forms.CharField(
        label="API key of the provider",
        max_length=8192,
        widget=forms.PasswordInput(
            attrs={"autocomplete": "off", "spellcheck": "false"}, render_value=False
        ),
        help_text="Stored encrypted for your organization alone. It is never shown again.",
    )


class CredentialForm(SecretForm):
    provider = forms.ChoiceField(label="Provider", choices=list(PROVIDERS.items()))
    name = forms.CharField(
        label="Name",
        max_length=80,
        initial="Main",
        help_text="Tells several keys of one provider apart.",
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    field_order = ("provider", "name", "secret")
