"""Provider credentials, sealed under a data key of their organization."""

from django.db import models
from django.utils import timezone

from apps.kernel.ids import uuid7
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

    def __str__(self) -> str:
        return f"data key of {self.organization_id}, wrapped by {self.kek_id}"


@audited(exclude=("sealed",))
class ProviderCredential(models.Model):
    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    organization = models.ForeignKey(
        Organization, on_delete=models.CASCADE, related_name="credentials"
    )
    provider = models.CharField(max_length=32)
    name = models.CharField(max_length=80)
    sealed = models.BinaryField(editable=False)
    hint = models.CharField(max_length=8, editable=False, help_text="Last four characters.")
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    replaced_at = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=("organization", "provider", "name"),
                name="credential_name_is_unique_each_provider",
                violation_error_message="A credential of this provider already has this name.",
            ),
        )

    def __str__(self) -> str:
        return f"{self.provider}: {self.name}"
