"""Forms about provider credentials; what was typed as a secret is never drawn again."""

from django import forms

from apps.tenants.addresses import LONGEST_URL
from apps.tenants.services.credentials import PROVIDERS


class SecretForm(forms.Form):
    """A provider's key and where it goes; both change together."""

    secret = forms.CharField(
        label="API key of the provider",
        max_length=8192,
        required=False,
        widget=forms.PasswordInput(
            attrs={"autocomplete": "off", "spellcheck": "false"}, render_value=False
        ),
        help_text="Stored encrypted for your organization alone. It is never shown again. "
        "Leave it empty only for a vLLM or Ollama that asks for none.",
    )
    base_url = forms.CharField(
        label="Base URL",
        max_length=LONGEST_URL,
        required=False,
        widget=forms.URLInput(attrs={"autocomplete": "off", "placeholder": "https://"}),
        help_text="Only for an endpoint of your own, such as Azure OpenAI or vLLM. It must be "
        "public and https, unless whoever runs this installation allows otherwise.",
    )
    api_version = forms.CharField(
        label="API version",
        max_length=40,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
        help_text="Only where calls name one, as Azure OpenAI's do: 2024-10-21.",
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
    field_order = ("provider", "name", "secret", "base_url", "api_version")
