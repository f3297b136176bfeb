"""What gateways know, for many organizations at once by a fixed number of queries."""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any, TypeVar, cast
from uuid import UUID

import structlog
from django.conf import settings
from django.db.models import Model, Q, QuerySet

from apps.tenants import access
from apps.tenants.models import (
    ApiKey,
    DataKey,
    Entitlement,
    GatewayChange,
    GatewayPart,
    Limit,
    Organization,
    Project,
    ProviderCredential,
    Route,
)
from apps.tenants.opening import document_of, secret_of, unwrap
from apps.tenants.vault import CannotOpen

logger = structlog.get_logger(__name__)
Row = TypeVar("Row", bound=Model)
Secret = TypeVar("Secret", str, bytes, dict[str, Any])
Ids = Collection[UUID] | None
# So long a caller is told that its key ended; later the key is unknown.
REMEMBERED = timedelta(days=30)


def gateway_versions(organization_ids: Ids = None) -> dict[UUID, int]:
    """The version of each organization that ever changed, deleted ones included."""
    rows = GatewayChange.objects.all()
    if organization_ids is not None:
        rows = rows.filter(organization_id__in=organization_ids)
    return dict(rows.values_list("organization_id", "version"))


def entitlements_changing(*, after: datetime, until: datetime) -> set[UUID]:
    """Organizations in which an entitlement begins or ends in (after, until], by no change of
    rows but by the passing of time.
    """
    crossed = Q(valid_from__gt=after, valid_from__lte=until) | Q(
        valid_until__gt=after, valid_until__lte=until
    )
    return set(Entitlement.objects.filter(crossed).values_list("organization_id", flat=True))


def organization_access(
    organization_ids: Ids = None, *, at: datetime
) -> list[access.OrganizationAccess]:
    """Everything configured in the organizations (None: in all), by id, as of `at`.

    Ten queries, however many organizations. A secret that cannot be opened is left out and
    logged. Closed organizations come without credentials and data key.
    """
    versions = gateway_versions(organization_ids)
    parts = _Parts(organization_ids, at=at)
    rows = _of(Organization.objects.order_by("id"), organization_ids, "id")
    return [parts.of(row, version=versions.get(row.pk, 0)) for row in rows]


def key_access(
    organization_ids: Ids = None, *, at: datetime
) -> dict[UUID, dict[bytes, access.KeyAccess]]:
    """The keys of each organization by their digest; those that ended long ago are left out."""
    since = at - REMEMBERED
    remembered = ApiKey.objects.filter(
        Q(revoked_at=None) | Q(revoked_at__gt=since), Q(expires_at=None) | Q(expires_at__gt=since)
    )
    keys: dict[UUID, dict[bytes, access.KeyAccess]] = defaultdict(dict)
    for row in _of(remembered.order_by("id"), organization_ids):
        keys[row.organization_id][bytes.fromhex(row.digest)] = _key(row)
    return dict(keys)


class _Parts:
    """The rows below organizations, each table read once and grouped by organization."""

    def __init__(self, ids: Ids, *, at: datetime) -> None:
        self._at = at
        in_force = Entitlement.objects.in_force(at=at).order_by("code", "valid_from", "id")
        self._entitlements = _grouped(_of(in_force, ids))
        self._projects = _grouped(_of(Project.objects.order_by("id"), ids))
        self._credentials = _grouped(_of(ProviderCredential.objects.order_by("id"), ids))
        self._data_keys = _grouped(_of(DataKey.objects.all(), ids))
        self._parts = _grouped(_of(GatewayPart.objects.order_by("id"), ids))
        routes = Route.objects.order_by("id").prefetch_related("targets")
        self._routes = _grouped(_of(routes, ids))
        self._limits = _grouped(_of(Limit.objects.order_by("id"), ids))

    def of(self, row: Organization, *, version: int) -> access.OrganizationAccess:
        projects = {each.pk: _project(each) for each in self._projects[row.pk]}
        known = access.OrganizationAccess(
            id=row.pk,
            slug=row.slug,
            schema_name=row.schema_name,
            version=version,
            read_at=self._at,
            is_closed=row.closed_at is not None,
            is_system=row.is_system,
            entitlements={each.code: each.value for each in self._entitlements[row.pk]},
            projects=projects,
            limits=tuple(map(_limit, self._limits[row.pk])),
        )
        return known if known.is_closed else self._opened(known)

    def _opened(self, known: access.OrganizationAccess) -> access.OrganizationAccess:
        key = self._data_key(known.id)
        credentials = self._credentials_of(known.id, key) if key else {}
        return replace(
            known,
            credentials=credentials,
            routes=tuple(_route(each, credentials) for each in self._routes[known.id]),
            data_key=key,
            parts=self._parts_of(known.id, key) if key else {},
        )

    def _data_key(self, organization_id: UUID) -> bytes | None:
        rows = self._data_keys[organization_id]
        return _readable(partial(unwrap, rows[0]), organization_id) if rows else None

    def _parts_of(self, organization_id: UUID, key: bytes) -> dict[str, Any]:
        """A part that does not open is None, which turns off what it is about."""
        return {
            row.name: _readable(partial(document_of, row, key), row.organization_id)
            for row in self._parts[organization_id]
        }

    def _credentials_of(
        self, organization_id: UUID, key: bytes
    ) -> dict[UUID, access.CredentialAccess]:
        found = {}
        for row in self._credentials[organization_id]:
            secret = _readable(partial(secret_of, row, key), row.pk)
            if secret is not None:
                found[row.pk] = _credential(row, secret)
        return found


def _readable(read: Callable[[], Secret], subject: UUID) -> Secret | None:
    """None for what does not open: one lost key must not take the gateway from everybody."""
    try:
        return read()
    except CannotOpen as error:
        logger.error("secret_unreadable", subject=str(subject), error=error.detail)
        return None


def _key(row: ApiKey) -> access.KeyAccess:
    return access.KeyAccess(
        id=row.pk,
        organization_id=row.organization_id,
        project_id=row.project_id,
        name=row.name,
        is_test=row.is_test,
        scopes=frozenset(row.scopes),
        expires_at=row.expires_at,
        revoked_at=row.revoked_at,
    )


def _project(row: Project) -> access.ProjectAccess:
    return access.ProjectAccess(
        id=row.pk,
        name=row.name,
        is_archived=row.archived_at is not None,
        stores_content=row.stores_content,
        content_retention_days=row.content_retention_days,
    )


def _credential(row: ProviderCredential, secret: str) -> access.CredentialAccess:
    return access.CredentialAccess(
        id=row.pk,
        organization_id=row.organization_id,
        provider=row.provider,
        name=row.name,
        secret=secret,
        base_url=row.base_url,
        api_version=row.api_version or None,
        is_platform=row.is_platform,
        may_reach_private=_may_reach_private(row),
    )


def _may_reach_private(row: ProviderCredential) -> bool:
    if row.base_url is None:
        return False
    return row.is_platform or settings.PRIVATE_UPSTREAMS.names(row.base_url)


def _route(row: Route, credentials: Mapping[UUID, access.CredentialAccess]) -> access.Route:
    """Targets whose credential is not the organization's own, or does not open, are left out."""
    targets = [
        access.Target(
            provider=each.provider,
            credential_id=each.credential_id,
            model=each.model or None,
            weight=each.weight,
            priority=each.priority,
        )
        for each in row.targets.all()
        if each.credential_id is None or each.credential_id in credentials
    ]
    return access.Route(
        id=row.pk,
        project_id=row.project_id,
        pattern=row.pattern,
        strategy=cast(access.Strategy, row.strategy),
        targets=tuple(sorted(targets, key=_target_order)),
        max_retries=row.max_retries,
        connect_ms=row.connect_ms,
        first_byte_ms=row.first_byte_ms,
        idle_ms=row.idle_ms,
        total_ms=row.total_ms,
    )


def _target_order(target: access.Target) -> tuple[int, str, str, str]:
    return target.priority, target.provider, target.model or "", str(target.credential_id)


def _limit(row: Limit) -> access.Limit:
    subject, subject_id = _subject(row)
    return access.Limit(
        id=row.pk,
        subject=subject,
        subject_id=subject_id,
        kind=cast(access.LimitKind, row.kind),
        amount=row.amount,
        window=cast(access.Window | None, row.window),
        alert_fractions=tuple(row.alert_fractions),
        is_hard=row.is_hard,
    )


def _subject(row: Limit) -> tuple[access.Subject, UUID]:
    if row.api_key_id:
        return "key", row.api_key_id
    return ("project", row.project_id) if row.project_id else ("organization", row.organization_id)


def _of(rows: QuerySet[Row], ids: Ids, field: str = "organization_id") -> QuerySet[Row]:
    return rows if ids is None else rows.filter(**{f"{field}__in": ids})


def _grouped(rows: Iterable[Any]) -> defaultdict[UUID, list[Any]]:
    groups: defaultdict[UUID, list[Any]] = defaultdict(list)
    for row in rows:
        groups[row.organization_id].append(row)
    return groups
