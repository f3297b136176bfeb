"""Store and replace provider credentials; the plaintext leaves through `reveal` only."""

from datetime import datetime
from uuid import UUID

from django.db import IntegrityError, transaction

from apps.kernel.errors import NetraError
from apps.tenants.models import Organization, ProviderCredential
from apps.tenants.services.data_keys import data_key
from apps.tenants.vault import binding, seal, unseal

PROVIDERS: dict[str, str] = {
    "openai": "OpenAI",
    "anthropic": "Anthropic",
    "azure_openai": "Azure OpenAI",
    "google": "Google Gemini",
    "cohere": "Cohere",
    "mistral": "Mistral",
    "groq": "Groq",
    "deepseek": "DeepSeek",
    "together": "Together",
    "openrouter": "OpenRouter",
}


class InvalidCredential(NetraError):
    code = "invalid_credential"
    http_status = 400


class CredentialNameTaken(NetraError):
    code = "credential_name_taken"
    http_status = 409
    message = "A credential of this provider already has this name. Choose another one."


def store_credential(
    *, organization: Organization, provider: str, name: str, secret: str, at: datetime
) -> ProviderCredential:
    """Seal and store a provider's key. Raises InvalidCredential, CredentialNameTaken."""
    name = " ".join(name.split())
    if provider not in PROVIDERS:
        raise InvalidCredential(f"Choose one of the providers {', '.join(PROVIDERS)}.")
    if not 0 < len(name) <= 80:
        raise InvalidCredential("Give the credential a name of at most 80 characters.")
    row = ProviderCredential(organization=organization, provider=provider, name=name, created_at=at)
    _seal(row, secret, at=at)
    try:
        with transaction.atomic():
            row.save(force_insert=True)
    except IntegrityError as error:
        raise CredentialNameTaken from error
    return row


@transaction.atomic
def replace_secret(
    *, organization: Organization, credential_id: UUID, secret: str, at: datetime
) -> ProviderCredential:
    """Put a new key in the place of the old one.

    Raises ProviderCredential.DoesNotExist, InvalidCredential.
    """
    row = organization.credentials.select_for_update().get(pk=credential_id)
    _seal(row, secret, at=at)
    row.replaced_at = at
    row.save(update_fields=["sealed", "hint", "replaced_at"])
    return row


def delete_credential(*, organization: Organization, credential_id: UUID) -> None:
    """Forget a credential. Raises ProviderCredential.DoesNotExist."""
    organization.credentials.get(pk=credential_id).delete()


def reveal(credential: ProviderCredential, *, at: datetime) -> str:
    """The provider's key in clear, for the call upstream and for nothing else."""
    key = data_key(credential.organization, at=at)
    return unseal(key, credential.sealed, bound_to=_binding(credential)).decode()


def _seal(row: ProviderCredential, secret: str, *, at: datetime) -> None:
    secret = secret.strip()
    if not 8 <= len(secret) <= 8192 or not secret.isprintable():
        raise InvalidCredential("Paste the provider's key: 8 to 8192 printable characters.")
    key = data_key(row.organization, at=at)
    row.sealed = seal(key, secret.encode(), bound_to=_binding(row))
    row.hint = f"…{secret[-4:]}"


def _binding(row: ProviderCredential) -> bytes:
    return binding(row.organization_id, f"credential:{row.provider}")
