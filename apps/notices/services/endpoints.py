"""Add, change, turn off and on, and delete webhook endpoints; rotate their secrets.

A secret is sealed under the data key of its organization and shown once, when it is made.
"""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlsplit
from uuid import UUID

from django.conf import settings
from django.db import IntegrityError, transaction

from apps.kernel.errors import NetraError
from apps.notices.kinds import Kind
from apps.notices.models import WebhookEndpoint
from apps.notices.webhooks.signing import new_secret
from apps.tenants.addresses import BaseUrlRefused, check_base_url
from apps.tenants.models import Organization
from apps.tenants.resolving import resolve
from apps.tenants.services.data_keys import data_key
from apps.tenants.vault import binding, seal, unseal

MOST_ENDPOINTS = 20
LONGEST_URL = 500
LONGEST_OVERLAP = timedelta(days=7)
HIDDEN = re.compile(r"[\x00-\x1f\x7f-\x9f]")


class InvalidWebhook(NetraError):
    code = "invalid_webhook"
    http_status = 400


class WebhookTaken(NetraError):
    code = "webhook_taken"
    http_status = 409
    message = "An endpoint has this address already. Change that one."


class TooManyWebhooks(NetraError):
    code = "too_many_webhooks"
    http_status = 409
    message = f"An organization has at most {MOST_ENDPOINTS} endpoints. Delete one first."


@dataclass(frozen=True, slots=True)
class NewSecret:
    """An endpoint and a secret made for it, which cannot be read again."""

    endpoint: WebhookEndpoint
    secret: str


@transaction.atomic
def create_endpoint(
    *,
    organization: Organization,
    url: str,
    at: datetime,
    kinds: Collection[str] = (),
    description: str = "",
) -> NewSecret:
    """Send notices of `kinds`, of all when empty, to `url` from now on.

    Raises InvalidWebhook, WebhookTaken, TooManyWebhooks.
    """
    # Two at once must not make one too many.
    Organization.objects.select_for_update().get(pk=organization.pk)
    if organization.webhook_endpoints.count() >= MOST_ENDPOINTS:
        raise TooManyWebhooks
    row = WebhookEndpoint(organization=organization, created_at=at)
    _describe(row, url, kinds, description)
    secret = new_secret()
    row.sealed_secret = _sealed(row, secret, at=at)
    _save(row)
    return NewSecret(row, secret)


@transaction.atomic
def change_endpoint(
    *,
    organization: Organization,
    endpoint_id: UUID,
    url: str,
    kinds: Collection[str],
    description: str,
) -> WebhookEndpoint:
    """Raises WebhookEndpoint.DoesNotExist, InvalidWebhook, WebhookTaken."""
    row = _locked(organization, endpoint_id)
    _describe(row, url, kinds, description)
    _save(row)
    return row


@transaction.atomic
def enable_endpoint(*, organization: Organization, endpoint_id: UUID) -> WebhookEndpoint:
    """Send notices there again, with fresh patience. Raises WebhookEndpoint.DoesNotExist."""
    row = _locked(organization, endpoint_id)
    row.disabled_at, row.disabled_reason, row.failing_since = None, "", None
    row.save()
    return row


@transaction.atomic
def disable_endpoint(
    *, organization: Organization, endpoint_id: UUID, at: datetime
) -> WebhookEndpoint:
    """Send nothing there until it is turned on. Raises WebhookEndpoint.DoesNotExist."""
    row = _locked(organization, endpoint_id)
    row.disabled_at, row.disabled_reason = at, "Somebody turned it off."
    row.save()
    row.deliveries.exclude(next_attempt_at=None).update(next_attempt_at=None)
    return row


@transaction.atomic
def rotate_secret(
    *, organization: Organization, endpoint_id: UUID, overlap: timedelta, at: datetime
) -> NewSecret:
    """Make a new secret; the old one signs as well for `overlap` more, at most LONGEST_OVERLAP.

    Raises WebhookEndpoint.DoesNotExist, InvalidWebhook.
    """
    if not timedelta(0) <= overlap <= LONGEST_OVERLAP:
        raise InvalidWebhook(f"Let the old secret sign for at most {LONGEST_OVERLAP.days} days.")
    row = _locked(organization, endpoint_id)
    secret = new_secret()
    row.sealed_former_secret, row.former_secret_until = row.sealed_secret, at + overlap
    row.sealed_secret = _sealed(row, secret, at=at)
    row.save()
    return NewSecret(row, secret)


def delete_endpoint(*, organization: Organization, endpoint_id: UUID) -> None:
    """Forget an endpoint and its deliveries. Raises WebhookEndpoint.DoesNotExist."""
    organization.webhook_endpoints.get(pk=endpoint_id).delete()


def secrets_of(endpoint: WebhookEndpoint, *, at: datetime) -> Sequence[str]:
    """The secrets that sign at `at`, the newest first. Raises CannotOpen."""
    sealed = [endpoint.sealed_secret]
    if endpoint.sealed_former_secret and _is_before(at, endpoint.former_secret_until):
        sealed.append(endpoint.sealed_former_secret)
    key = data_key(endpoint.organization, at=at)
    return [unseal(key, each, bound_to=_binding(endpoint)).decode() for each in sealed]


def _is_before(at: datetime, until: datetime | None) -> bool:
    return until is not None and at < until


def _locked(organization: Organization, endpoint_id: UUID) -> WebhookEndpoint:
    return organization.webhook_endpoints.select_for_update().get(pk=endpoint_id)


def _describe(row: WebhookEndpoint, url: str, kinds: Collection[str], description: str) -> None:
    description = " ".join(description.split())
    if len(description) > 80 or HIDDEN.search(description):
        raise InvalidWebhook("Describe the endpoint in at most 80 visible characters.")
    if not set(kinds) <= set(Kind):
        raise InvalidWebhook(f"Choose events from {', '.join(Kind)}.")
    row.url, row.description = _checked_url(url.strip()), description
    row.kinds = [kind.value for kind in Kind if kind in kinds]


def _checked_url(url: str) -> str:
    """`url` with its origin in one spelling; path and query as they are. Raises InvalidWebhook."""
    try:
        parts = urlsplit(url)
        origin = check_base_url(
            f"{parts.scheme}://{parts.netloc}",
            resolve=resolve,
            private=settings.PRIVATE_UPSTREAMS,
        )
    except BaseUrlRefused as error:
        raise InvalidWebhook(error.detail.replace("base URL", "address")) from error
    except ValueError as error:
        raise InvalidWebhook("Write the address like https://host/path.") from error
    rest = url.split(parts.netloc, 1)[1]
    if len(url) > LONGEST_URL or "#" in rest or not _is_plain(rest):
        raise InvalidWebhook(
            f"Write the address in at most {LONGEST_URL} ASCII characters, without spaces and "
            "without a fragment."
        )
    return origin + rest


def _is_plain(text: str) -> bool:
    return text.isascii() and text.isprintable() and not set(text) & set(' \\"<>')


def _save(row: WebhookEndpoint) -> None:
    try:
        with transaction.atomic():
            row.save()
    except IntegrityError as error:
        raise WebhookTaken from error


def _sealed(row: WebhookEndpoint, secret: str, *, at: datetime) -> bytes:
    key = data_key(row.organization, at=at)
    return seal(key, secret.encode(), bound_to=_binding(row))


def _binding(row: WebhookEndpoint) -> bytes:
    return binding(row.organization_id, f"webhook:{row.pk}")
