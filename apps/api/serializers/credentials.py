"""Provider credentials as the API shows and takes them; a secret only ever goes in."""

from typing import Any

from django.core.validators import RegexValidator
from rest_framework import serializers

from apps.api.serializers.fields import Choice, Input, NameField
from apps.tenants.addresses import LONGEST_URL
from apps.tenants.models import ProviderCredential
from apps.tenants.services.credentials import PROVIDERS

SECRET_PATTERN = r"^([!-~][ -~]{6,8190}[!-~])?$"  # noqa: S105  (a shape, no secret)
BASE_URL_PATTERN = r"^(https?://[!-~]+)?$"
VERSION_PATTERN = r"^[ -~]*$"


class CredentialOut(serializers.ModelSerializer[ProviderCredential]):
    """A provider's key, without its secret."""

    class Meta:
        model = ProviderCredential
        fields = (
            "id", "provider", "name", "hint", "base_url", "api_version", "is_platform",
            "created_at", "replaced_at",
        )  # fmt: skip
        read_only_fields = fields


class SecretField(serializers.CharField):
    """A provider's key: 8 to 8192 ASCII characters, spaces inside only; some need none."""

    def __init__(self) -> None:
        super().__init__(
            max_length=8192,
            allow_blank=True,
            trim_whitespace=False,
            write_only=True,
            help_text="The provider's key, sealed at once and never shown again. Empty for a vLLM "
            "or Ollama that asks for none.",
        )
        self.validators.append(RegexValidator(SECRET_PATTERN, "Paste the key as it is."))


class BaseUrlField(serializers.CharField):
    """Where the provider is, when not at its own address."""

    def __init__(self, **options: Any) -> None:
        super().__init__(
            max_length=LONGEST_URL,
            allow_blank=True,
            required=False,
            help_text="https://host/path of your own endpoint, public unless this installation "
            "allows otherwise. Empty is the provider's own address.",
            **options,
        )
        self.validators.append(RegexValidator(BASE_URL_PATTERN, "Write it like https://host/path."))


class ApiVersionField(serializers.CharField):
    """The version of the provider's API, where its calls name one (Azure)."""

    def __init__(self) -> None:
        super().__init__(max_length=40, allow_blank=True, required=False)
        self.validators.append(RegexValidator(VERSION_PATTERN, "Use ASCII characters."))


class CredentialNew(Input):
    """A provider's key to store."""

    provider = Choice(choices=list(PROVIDERS.items()))
    name = NameField()
    secret = SecretField()
    base_url = BaseUrlField()
    api_version = ApiVersionField()


class CredentialSecret(Input):
    """The provider's new key, and where it goes if that changes with it."""

    secret = SecretField()
    base_url = BaseUrlField()
    api_version = ApiVersionField()
