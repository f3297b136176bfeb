"""Store and replace provider credentials; the plaintext leaves through `reveal` only.

A base URL is stored together with the secret that goes there and never changed without it: else
whoever may write credentials could send a secret that they cannot read to a host of their own.
"""

from datetime import datetime
from uuid import UUID

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import RestrictedError

from apps.kernel.errors import NetraError
from apps.tenants.addresses import check_base_url
from apps.tenants.models import Organization, ProviderCredential
from apps.tenants.opening import binding_of, secret_of
from apps.tenants.resolving import resolve
from apps.tenants.services.data_keys import data_key
from apps.tenants.vault import seal

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
    "vllm": "vLLM",
    "ollama": "Ollama",
    "openai_compatible": "OpenAI-compatible",
}
WITHOUT_ADDRESS = frozenset({"azure_openai", "vllm", "ollama", "openai_compatible"})
MAY_LACK_SECRET = frozenset({"vllm", "ollama"})


class InvalidCredential(NetraError):
    code = "invalid_credential"
    http_status = 400


class CredentialNameTaken(NetraError):
    code = "credential_name_taken"
    http_status = 409
    message = "A credential of this provider already has this name. Choose another one."


class CredentialInUse(NetraError):
    code = "credential_in_use"
    http_status = 409
    message = "A route leads to this credential. Change or delete the route first."


class PlatformCredential(NetraError):
    code = "platform_credential"
    http_status = 409
    message = (
        "Whoever runs this installation provides this credential, and only they change it. "
        "Add a credential of your own instead."
    )


def store_credential(
    *,
    organization: Organization,
    provider: str,
    name: str,
    secret: str,
    at: datetime,
    base_url: str | None = None,
    api_version: str = "",
) -> ProviderCredential:
    """Seal and store a provider's key.

    base_url: None or "" for the provider's own address. Raises InvalidCredential, BaseUrlRefused,
    CredentialNameTaken.
    """
    name = " ".join(name.split())
    if provider not in PROVIDERS:
        raise InvalidCredential(f"Choose one of the providers {', '.join(PROVIDERS)}.")
    if not 0 < len(name) <= 80:
        raise InvalidCredential("Give the credential a name of at most 80 characters.")
    row = ProviderCredential(organization=organization, provider=provider, name=name, created_at=at)
    _address(row, base_url, api_version)
    _seal(row, secret, at=at)
    try:
        with transaction.atomic():
            row.save(force_insert=True)
    except IntegrityError as error:
        raise CredentialNameTaken from error
    return row


@transaction.atomic
def replace_secret(
    *,
    organization: Organization,
    credential_id: UUID,
    secret: str,
    at: datetime,
    base_url: str | None = None,
    api_version: str | None = None,
) -> ProviderCredential:
    """Put a new key in the place of the old one, and where it goes if that changes too.

    base_url, api_version: None keeps what is there, "" clears it. Raises
    ProviderCredential.DoesNotExist, InvalidCredential, BaseUrlRefused, PlatformCredential.
    """
    row = _own(organization, credential_id)
    _address(
        row,
        row.base_url if base_url is None else base_url,
        row.api_version if api_version is None else api_version,
    )
    _seal(row, secret, at=at)
    row.replaced_at = at
    row.save(update_fields=["sealed", "hint", "base_url", "api_version", "replaced_at"])
    return row


@transaction.atomic
def delete_credential(*, organization: Organization, credential_id: UUID) -> None:
    """Forget a credential.

    Raises ProviderCredential.DoesNotExist, CredentialInUse, PlatformCredential.
    """
    row = _own(organization, credential_id)
    try:
        row.delete()
    except RestrictedError as error:
        target = row.route_targets.select_related("route").earliest("route__pattern", "id")
        raise CredentialInUse(
            f"The route for {target.route.pattern} leads to this credential. Change or delete "
            "the route first."
        ) from error


@transaction.atomic
def set_platform_credential(
    *,
    organization: Organization,
    provider: str,
    name: str,
    secret: str,
    at: datetime,
    base_url: str | None = None,
    api_version: str = "",
) -> ProviderCredential:
    """Store or bring up to date a credential that whoever runs this installation provides.

    Its base URL is theirs too, so it may lie in a private network. Raises InvalidCredential.
    """
    row = organization.credentials.filter(provider=provider, name=name).first()
    if row is None:
        row = ProviderCredential(
            organization=organization, provider=provider, name=name, created_at=at
        )
    elif _stands(row, secret, base_url, api_version, at=at):
        return row
    row.is_platform, row.base_url, row.api_version = True, base_url, api_version
    _seal(row, secret, at=at)
    row.save()
    return row


def reveal(credential: ProviderCredential, *, at: datetime) -> str:
    """The provider's key in clear, for the call upstream and for nothing else."""
    return secret_of(credential, data_key(credential.organization, at=at))


def _own(organization: Organization, credential_id: UUID) -> ProviderCredential:
    row = organization.credentials.select_for_update().get(pk=credential_id)
    if row.is_platform:
        raise PlatformCredential
    return row


def _stands(
    row: ProviderCredential, secret: str, base_url: str | None, api_version: str, *, at: datetime
) -> bool:
    address = (row.is_platform, row.base_url, row.api_version)
    return address == (True, base_url, api_version) and reveal(row, at=at) == secret


def _address(row: ProviderCredential, base_url: str | None, api_version: str) -> None:
    api_version = api_version.strip()
    if len(api_version) > 40 or not api_version.isprintable():
        raise InvalidCredential("Give the API version in at most 40 characters, like 2024-10-21.")
    if row.provider in WITHOUT_ADDRESS and not base_url:
        raise InvalidCredential(f"{PROVIDERS[row.provider]} needs the base URL of your server.")
    row.api_version = api_version
    row.base_url = base_url and check_base_url(
        base_url.strip(), resolve=resolve, private=settings.PRIVATE_UPSTREAMS
    )
    row.base_url = row.base_url or None


def _seal(row: ProviderCredential, secret: str, *, at: datetime) -> None:
    secret = secret.strip()
    is_blank = not secret and row.provider in MAY_LACK_SECRET
    if not is_blank and (not 8 <= len(secret) <= 8192 or not secret.isprintable()):
        raise InvalidCredential("Paste the provider's key: 8 to 8192 printable characters.")
    key = data_key(row.organization, at=at)
    row.sealed = seal(key, secret.encode(), bound_to=binding_of(row.organization_id, row.provider))
    row.hint = f"…{secret[-4:]}" if secret else ""
