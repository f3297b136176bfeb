"""Provider credentials, sealed under a data key of their organization."""

from django.db import models
from django.utils import timezone

from apps.kernel.ids import uuid7
from apps.tenants.models.announcement import announce_change
from apps.tenants.models.audit import audited
from apps.tenants.models.organization import Organization


class DataKey(models.Model):
    """The data key of one organization, wrapped by the key-encryption key `kek_id`."""

    organization = models.OneToOneField(
        Organization, primary_key=True, on_delete=models.CASCADE, related_name="data_key"
    )
    wrapped = models.BinaryField(editable=False)
    kek_id = models.CharField(max_length=32, editable=False)
    wrapped_at = models.DateTimeField(editable=False)

    class Meta:
        # Wrapping it again leaves the key itself as it is.
        triggers = (announce_change(),)

    def __str__(self) -> str:
        return f"data key of {self.organization_id}, wrapped by {self.kek_id}"


# Their address differs from one installation to the next.
PROVIDERS_WITHOUT_ADDRESS = ("ollama", "openai_compatible", "vllm")


@audited(exclude=("sealed",))
class ProviderCredential(models.Model):
    """A key of a provider, and where it goes.

    base_url: null is the provider's own address. is_platform: whoever runs this installation gave
    secret and address, so that no customer may change either.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    organization = models.ForeignKey(
        Organization, on_delete=models.CASCADE, related_name="credentials"
    )
    provider = models.CharField(max_length=32)
    name = models.CharField(max_length=80)
    sealed = models.BinaryField(editable=False)
    hint = models.CharField(max_length=8, editable=False, help_text="Last four characters.")
    base_url = models.CharField(max_length=500, null=True, blank=True, editable=False)
    api_version = models.CharField(
        max_length=40, blank=True, default="", db_default="", editable=False
    )
    is_platform = models.BooleanField(default=False, db_default=False, editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    replaced_at = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=("organization", "provider", "name"),
                name="credential_name_is_unique_each_provider",
                violation_error_message="A credential of this provider already has this name.",
            ),
            models.CheckConstraint(
                condition=~models.Q(provider__in=PROVIDERS_WITHOUT_ADDRESS)
                | models.Q(base_url__isnull=False),
                name="credential_has_the_address_it_needs",
            ),
            models.CheckConstraint(
                condition=models.Q(base_url=None) | models.Q(base_url__regex=r"^https?://[^/]"),
                name="credential_address_is_http",
            ),
        )
        triggers = (
            announce_change(
                on=("provider", "name", "sealed", "base_url", "api_version", "is_platform")
            ),
        )

    def __str__(self) -> str:
        return f"{self.provider}: {self.name}"
