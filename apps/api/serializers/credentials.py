"""Provider credentials as the API shows and takes them; a secret only ever goes in."""

from django.core.validators import RegexValidator
from rest_framework import serializers

from apps.api.serializers.fields import Input, NameField
from apps.tenants.models import ProviderCredential
from apps.tenants.services.credentials import PROVIDERS

SECRET_PATTERN = r"^[!-~][ -~]{6,8190}[!-~]$"  # noqa: S105  (a shape, no secret)


class CredentialOut(serializers.ModelSerializer[ProviderCredential]):
    """A provider's key, without its secret."""

    class Meta:
        model = ProviderCredential
        fields = ("id", "provider", "name", "hint", "created_at", "replaced_at")
        read_only_fields = fields


class SecretField(serializers.CharField):
    """A provider's key: 8 to 8192 ASCII characters, spaces inside only."""

    def __init__(self) -> None:
        super().__init__(
            min_length=8,
            max_length=8192,
            trim_whitespace=False,
            write_only=True,
            help_text="The provider's key. It is sealed at once and never shown again.",
        )
        self.validators.append(RegexValidator(SECRET_PATTERN, "Paste the key as it is."))


class CredentialNew(Input):
    """A provider's key to store."""

    provider = serializers.ChoiceField(choices=list(PROVIDERS.items()))
    name = NameField()
    secret = SecretField()


class CredentialSecret(Input):
    """The provider's new key."""

    secret = SecretField()
