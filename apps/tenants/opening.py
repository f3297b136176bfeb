"""How sealed rows open: the one place that turns them into secrets in clear."""

from typing import Any
from uuid import UUID

import orjson
from django.conf import settings

from apps.tenants.models import DataKey, GatewayPart, ProviderCredential
from apps.tenants.vault import CannotOpen, binding, unseal

DATA_KEY = "data-key"


def unwrap(row: DataKey) -> bytes:
    """The data key in clear. Raises CannotOpen when NETRA_KEK lacks the wrapping key."""
    kek = settings.KEY_ENCRYPTION_KEYS.keys.get(row.kek_id)
    if kek is None:
        raise CannotOpen(f"NETRA_KEK lacks the key {row.kek_id!r}, which wrapped a data key.")
    return unseal(kek, row.wrapped, bound_to=binding(row.organization_id, DATA_KEY))


def secret_of(row: ProviderCredential, key: bytes) -> str:
    """The provider's key in clear; `key` is the data key of its organization. Raises CannotOpen."""
    return unseal(key, row.sealed, bound_to=binding_of(row.organization_id, row.provider)).decode()


def binding_of(organization_id: UUID, provider: str) -> bytes:
    """What a credential's secret is bound to."""
    return binding(organization_id, f"credential:{provider}")


def document_of(row: GatewayPart, key: bytes) -> dict[str, Any]:
    """What an app says to gateways; `key` is the organization's data key. Raises CannotOpen."""
    bound_to = part_binding(row.organization_id, row.name)
    document: dict[str, Any] = orjson.loads(unseal(key, row.sealed, bound_to=bound_to))
    return document


def part_binding(organization_id: UUID, name: str) -> bytes:
    """What a part is bound to."""
    return binding(organization_id, f"part:{name}")
