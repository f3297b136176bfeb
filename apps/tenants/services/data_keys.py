"""The data key of each organization, and how it is wrapped."""

from datetime import datetime
from uuid import UUID

from django.conf import settings
from django.db import transaction

from apps.tenants.models import DataKey, Organization
from apps.tenants.opening import DATA_KEY, unwrap
from apps.tenants.vault import binding, new_data_key, seal


def data_key(organization: Organization, *, at: datetime) -> bytes:
    """The 32-byte data key of `organization`, made at first use. Raises CannotOpen."""
    row = DataKey.objects.filter(organization=organization).first()
    return unwrap(row) if row else _create(organization, at=at)


def rotate_keks(*, at: datetime, batch: int = 100) -> int:
    """Wrap every data key by the current key-encryption key; returns how many were changed.

    Runs while serving: each row is re-wrapped in its own short transaction, and readers accept
    every key that NETRA_KEK lists. Sealed credentials stay as they are.
    """
    count = 0
    stale = DataKey.objects.exclude(kek_id=settings.KEY_ENCRYPTION_KEYS.current_id)
    while ids := list(stale.order_by("organization_id").values_list("pk", flat=True)[:batch]):
        for organization_id in ids:
            count += _rewrap(organization_id, at=at)
    return count


@transaction.atomic
def _rewrap(organization_id: UUID, *, at: datetime) -> bool:
    row = DataKey.objects.select_for_update().get(pk=organization_id)
    key = unwrap(row)
    _wrap(row, key, at=at)
    row.save()
    return True


def _create(organization: Organization, *, at: datetime) -> bytes:
    key = new_data_key()
    row = DataKey(organization=organization)
    _wrap(row, key, at=at)
    # Two first uses at once: one row wins, both read it.
    DataKey.objects.bulk_create([row], ignore_conflicts=True)
    return unwrap(DataKey.objects.get(organization=organization))


def _wrap(row: DataKey, key: bytes, *, at: datetime) -> None:
    keys = settings.KEY_ENCRYPTION_KEYS
    row.kek_id = keys.current_id
    row.wrapped = seal(keys.keys[row.kek_id], key, bound_to=binding(row.organization_id, DATA_KEY))
    row.wrapped_at = at
