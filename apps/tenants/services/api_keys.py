"""Make, rotate, revoke and recognise API keys."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db import transaction

from apps.kernel.errors import NetraError
from apps.tenants.key_format import KeyText, digest, is_well_formed, new_key
from apps.tenants.models import ApiKey, Organization, Project, User
from apps.tenants.permissions import KEY_SCOPES, Permission, require_covered

# Writing last_used_at at most this often keeps a busy key from rewriting its row each call.
LAST_USED_RESOLUTION = timedelta(minutes=1)
LONGEST_OVERLAP = timedelta(days=30)


class KeyRefused(NetraError):
    code = "invalid_api_key"
    http_status = 401
    message = "This API key is unknown, expired or revoked. Make a new one on the keys page."


class InvalidKeyRequest(NetraError):
    code = "invalid_key_request"
    http_status = 400


class KeyNotActive(NetraError):
    code = "key_not_active"
    http_status = 409
    message = "This key is revoked or expired already. Make a new one."


@dataclass(frozen=True, slots=True)
class NewKey:
    """A stored key and its text, which is shown once and cannot be read again."""

    api_key: ApiKey
    text: KeyText


def create_api_key(
    *,
    project: Project,
    name: str,
    scopes: Collection[Permission],
    granted_by: frozenset[Permission],
    created_by: User | None,
    at: datetime,
    is_test: bool = False,
    expires_at: datetime | None = None,
) -> NewKey:
    """Make a key of `project`.

    granted_by: what the caller may do; a key never gets more. Raises InvalidKeyRequest,
    GrantRefused.
    """
    name = _checked_name(name)
    if project.archived_at:
        raise InvalidKeyRequest("This project is archived. Choose an open one.")
    if expires_at and expires_at <= at:
        raise InvalidKeyRequest("The expiry must lie ahead.")
    _check_scopes(scopes, granted_by=granted_by)
    row = ApiKey(
        organization_id=project.organization_id,
        project=project,
        name=name,
        is_test=is_test,
        scopes=sorted(set(scopes)),
        created_by=created_by,
        created_at=at,
        expires_at=expires_at,
    )
    return _issued(row)


@transaction.atomic
def rotate_api_key(
    *,
    organization: Organization,
    api_key_id: UUID,
    overlap: timedelta,
    granted_by: frozenset[Permission],
    created_by: User | None,
    at: datetime,
) -> NewKey:
    """Replace a key by one with the same name, project, scopes and expiry.

    overlap: how long the old key still works, 0 to 30 days. granted_by: what the caller may do;
    the key must not be stronger. Raises ApiKey.DoesNotExist, KeyNotActive, InvalidKeyRequest,
    GrantRefused.
    """
    if not timedelta(0) <= overlap <= LONGEST_OVERLAP:
        raise InvalidKeyRequest("The overlap must be between 0 seconds and 30 days.")
    old = _locked_active(organization, api_key_id, granted_by=granted_by, at=at)
    if old.project.archived_at:
        raise InvalidKeyRequest("The project of this key is archived. Make a key of an open one.")
    old.revoked_at = min(filter(None, (old.revoked_at, at + overlap)))
    old.save(update_fields=["revoked_at"])
    row = ApiKey(
        organization=organization,
        project_id=old.project_id,
        name=old.name,
        is_test=old.is_test,
        scopes=old.scopes,
        created_by=created_by,
        created_at=at,
        expires_at=old.expires_at,
        replaces=old,
    )
    return _issued(row)


@transaction.atomic
def revoke_api_key(
    *,
    organization: Organization,
    api_key_id: UUID,
    granted_by: frozenset[Permission],
    at: datetime,
) -> ApiKey:
    """Stop a key at once. Raises ApiKey.DoesNotExist, KeyNotActive, GrantRefused."""
    api_key = _locked_active(organization, api_key_id, granted_by=granted_by, at=at)
    api_key.revoked_at = at
    api_key.save(update_fields=["revoked_at"])
    return api_key


@transaction.atomic
def rename_api_key(
    *,
    organization: Organization,
    api_key_id: UUID,
    name: str,
    granted_by: frozenset[Permission],
    at: datetime,
) -> ApiKey:
    """Raises ApiKey.DoesNotExist, KeyNotActive, InvalidKeyRequest, GrantRefused."""
    api_key = _locked_active(organization, api_key_id, granted_by=granted_by, at=at)
    api_key.name = _checked_name(name)
    api_key.save(update_fields=["name"])
    return api_key


def recognise_api_key(*, text: str, at: datetime) -> ApiKey:
    """The usable key whose text is `text`. Raises KeyRefused.

    Every pepper of NETRA_KEY_PEPPER is tried; a key found under an older one is moved to the
    current pepper, which lets the older one be dropped once the keys in use have passed by.
    """
    if not is_well_formed(text):
        raise KeyRefused
    digests = {digest(text, pepper): name for name, pepper in settings.API_KEY_PEPPERS.keys.items()}
    api_key = (
        ApiKey.objects.usable(at=at)
        .filter(digest__in=digests)
        .select_related("organization", "project")
        .first()
    )
    if api_key is None:
        raise KeyRefused
    _note_use(api_key, text, at=at)
    return api_key


@transaction.atomic
def note_uses(*, uses: Mapping[UUID, datetime]) -> int:
    """Remember when keys were last used, by key; returns how many rows were written.

    Rows that somebody else is writing are passed over: they are used again soon enough.
    """
    rows = ApiKey.objects.filter(pk__in=uses).select_for_update(skip_locked=True).order_by("id")
    due = [row for row in rows.only("last_used_at") if _is_news(row, uses[row.pk])]
    for row in due:
        row.last_used_at = uses[row.pk]
    return ApiKey.objects.bulk_update(due, ["last_used_at"], batch_size=1000)


def _is_news(api_key: ApiKey, at: datetime) -> bool:
    return api_key.last_used_at is None or at - api_key.last_used_at >= LAST_USED_RESOLUTION


def _note_use(api_key: ApiKey, text: str, *, at: datetime) -> None:
    peppers = settings.API_KEY_PEPPERS
    changes: dict[str, object] = {}
    if _is_news(api_key, at):
        changes["last_used_at"] = at
    if api_key.pepper_id != peppers.current_id:
        changes["pepper_id"] = peppers.current_id
        changes["digest"] = digest(text, peppers.keys[peppers.current_id])
    if changes:
        ApiKey.objects.filter(pk=api_key.pk).update(**changes)


def _issued(row: ApiKey) -> NewKey:
    peppers = settings.API_KEY_PEPPERS
    text = new_key(is_test=row.is_test)
    row.digest = digest(text.value, peppers.keys[peppers.current_id])
    row.pepper_id = peppers.current_id
    row.hint = text.hint
    row.save(force_insert=True)
    return NewKey(row, text)


def _locked_active(
    organization: Organization,
    api_key_id: UUID,
    *,
    granted_by: frozenset[Permission],
    at: datetime,
) -> ApiKey:
    rows = organization.api_keys.select_for_update(of=("self",)).select_related("project")
    api_key = rows.get(pk=api_key_id)
    require_covered([Permission(scope) for scope in api_key.scopes], granted_by=granted_by)
    if api_key.state(at=at) not in {"active", "retiring"}:
        raise KeyNotActive
    return api_key


def _checked_name(name: str) -> str:
    name = " ".join(name.split())
    if not 0 < len(name) <= 80:
        raise InvalidKeyRequest("Give the key a name of at most 80 characters.")
    return name


def _check_scopes(scopes: Collection[Permission], *, granted_by: frozenset[Permission]) -> None:
    if not scopes:
        raise InvalidKeyRequest("Give the key at least one scope.")
    unknown = set(scopes) - KEY_SCOPES
    if unknown:
        raise InvalidKeyRequest(f"A key cannot have the scopes {', '.join(sorted(unknown))}.")
    require_covered(scopes, granted_by=granted_by)
