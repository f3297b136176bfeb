"""Make an attempt, enter what became of it, and decide what follows."""

import random
from collections.abc import Callable
from datetime import datetime, timedelta
from uuid import UUID

import httpx
from django.db import transaction
from django.db.models import F

from apps.kernel.clock import utc_now
from apps.kernel.errors import NetraError
from apps.kernel.ids import uuid7
from apps.notices.kinds import PING, Kind
from apps.notices.models import Attempt, Delivery, WebhookEndpoint
from apps.notices.services.announcing import News, announce, message_body
from apps.notices.services.endpoints import secrets_of
from apps.notices.services.handing import hand_over
from apps.notices.webhooks.backoff import PATIENCE, wait_after
from apps.notices.webhooks.sending import Answer, post
from apps.notices.webhooks.signing import signed_headers
from apps.tenants.models import Organization

# Longer than an attempt takes: whoever died in the middle of one is waited for so long.
LEASE = timedelta(minutes=2)
GONE = 410


class EndpointDisabled(NetraError):
    code = "webhook_endpoint_disabled"
    http_status = 409
    message = "This endpoint is turned off. Turn it on first; nothing is sent to it until then."


def attempt_delivery(
    *,
    delivery_id: UUID,
    transport: httpx.BaseTransport,
    at: datetime,
    clock: Callable[[], datetime] = utc_now,
    draw: Callable[[], float] = random.random,
) -> Answer | None:
    """Send a delivery that is due; None when it is not, or somebody else is at it.

    clock: for when the answer came. draw: jitter in [0, 1). A run that dies in the middle counts
    as an attempt, and the next follows after LEASE.
    """
    if not _claim(delivery_id, at=at):
        return None
    delivery = Delivery.objects.select_related("endpoint__organization").get(pk=delivery_id)
    endpoint, body = delivery.endpoint, delivery.body.encode()
    headers = signed_headers(
        delivery.message_id, body, signed_by=secrets_of(endpoint, at=at), at=at
    )
    answer = post(endpoint.url, body, headers, transport=transport)
    _enter(delivery_id, answer, at=clock(), jitter=draw())
    return answer


def _claim(delivery_id: UUID, *, at: datetime) -> bool:
    due = Delivery.objects.filter(
        pk=delivery_id, next_attempt_at__lte=at, endpoint__disabled_at=None
    )
    return bool(
        due.update(
            attempt_count=F("attempt_count") + 1, next_attempt_at=at + LEASE, handed_until=None
        )
    )


@transaction.atomic
def _enter(delivery_id: UUID, answer: Answer, *, at: datetime, jitter: float) -> None:
    # The endpoint first, always: two attempts of one endpoint must not wait for each other.
    endpoint = WebhookEndpoint.objects.select_for_update().get(deliveries=delivery_id)
    delivery = Delivery.objects.select_for_update().get(pk=delivery_id)
    Attempt.objects.create(
        delivery=delivery,
        at=at,
        status=answer.status,
        latency_ms=answer.latency_ms,
        error=answer.error,
        excerpt=answer.excerpt,
    )
    if answer.is_success:
        delivery.delivered_at, delivery.next_attempt_at = at, None
        endpoint.failing_since = None
    else:
        wait = wait_after(delivery.attempt_count, jitter=jitter)
        delivery.next_attempt_at = at + wait if wait and not endpoint.disabled_at else None
        endpoint.failing_since = endpoint.failing_since or at
    delivery.save(update_fields=["delivered_at", "next_attempt_at"])
    endpoint.save(update_fields=["failing_since"])
    _judge(endpoint, answer, at=at)


def _judge(endpoint: WebhookEndpoint, answer: Answer, *, at: datetime) -> None:
    """Turn an endpoint off that says so itself, or that took nothing for days."""
    if answer.status == GONE:
        _disable(endpoint, "It answered 410 Gone.", at=at)
    elif endpoint.failing_since and at - endpoint.failing_since >= PATIENCE:
        _disable(endpoint, f"Nothing went through for {PATIENCE.days} days.", at=at)


def _disable(endpoint: WebhookEndpoint, reason: str, *, at: datetime) -> None:
    if endpoint.disabled_at:
        return
    endpoint.disabled_at, endpoint.disabled_reason = at, reason
    endpoint.save(update_fields=["disabled_at", "disabled_reason"])
    endpoint.deliveries.exclude(next_attempt_at=None).update(next_attempt_at=None)
    announce(
        organization=endpoint.organization,
        news=News(
            kind=Kind.WEBHOOK_DISABLED,
            once=f"{endpoint.pk}:{at.isoformat()}",
            subject=f"A webhook endpoint was turned off: {endpoint.url}",
            advice=f"{reason} Repair it, turn it on again, and send again what it missed.",
            payload={"endpoint_id": str(endpoint.pk), "url": endpoint.url, "reason": reason},
            page="alerts",
        ),
        at=at,
    )


@transaction.atomic
def redeliver(*, organization: Organization, delivery_id: UUID, at: datetime) -> Delivery:
    """Send a message again, under the same `webhook-id`, with a full row of retries.

    Raises Delivery.DoesNotExist, EndpointDisabled.
    """
    row = Delivery.objects.select_for_update(of=("self",)).select_related("endpoint")
    delivery = row.get(pk=delivery_id, endpoint__organization=organization)
    if delivery.endpoint.disabled_at:
        raise EndpointDisabled
    delivery.attempt_count, delivery.next_attempt_at, delivery.delivered_at = 0, at, None
    delivery.save(update_fields=["attempt_count", "next_attempt_at", "delivered_at"])
    hand_over(delivery, organization=organization, at=at)
    return delivery


@transaction.atomic
def ping_endpoint(*, organization: Organization, endpoint_id: UUID, at: datetime) -> Delivery:
    """Send a message that says nothing, to try the endpoint out.

    Raises WebhookEndpoint.DoesNotExist, EndpointDisabled.
    """
    endpoint = organization.webhook_endpoints.get(pk=endpoint_id)
    if endpoint.disabled_at:
        raise EndpointDisabled
    delivery = Delivery.objects.create(
        endpoint=endpoint,
        message_id=f"msg_{uuid7().hex}",
        kind=PING,
        body=message_body(PING, {"endpoint_id": str(endpoint.pk)}, at=at),
        created_at=at,
        next_attempt_at=at,
    )
    hand_over(delivery, organization=organization, at=at)
    return delivery
