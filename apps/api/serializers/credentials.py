"""Provider credentials as the API shows and takes them; a secret only ever goes in."""

from rest_framework import serializers

from apps.api.serializers.fields import Input, NameField
from apps.tenants.models import ProviderCredential
from apps.tenants.services.credentials import PROVIDERS


class CredentialOut(serializers.ModelSerializer[ProviderCredential]):
    class Meta:
        model = ProviderCredential
        fields = ("id", "provider", "name", "hint", "created_at", "replaced_at")
        read_only_fields = fields


class SecretField(serializers.CharField):
    """A provider's key: 8 to 8192 visible ASCII characters."""

    def __init__(self) -> None:
        super().__init__(
            min_length=8,
            max_length=8192,
            trim_whitespace=False,
            write_only=True,
            help_text="The provider's key. It is sealed at once and never shown again.",
        )


class CredentialNew(Input):
    provider = serializers.ChoiceField(choices=list(PROVIDERS.items()))
    name = NameField()
    secret = SecretField()


class CredentialSecret(Input):
    secret = SecretField()
