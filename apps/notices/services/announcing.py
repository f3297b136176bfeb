"""Tell an organization something, once, by everything it asked to be told by."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson
from django.db import transaction

from apps.notices.kinds import Kind
from apps.notices.models import Delivery, Notice
from apps.notices.services.handing import hand_over
from apps.tenants import jobs
from apps.tenants.models import Organization


@dataclass(frozen=True, slots=True)
class News:
    """What there is to tell; the fields are those of Notice."""

    kind: Kind
    once: str
    subject: str
    advice: str
    payload: Mapping[str, Any]
    page: str


@transaction.atomic
def announce(*, organization: Organization, news: News, at: datetime) -> Notice | None:
    """Keep `news` and ask for its e-mails and webhooks, all with the caller's transaction.

    Returns None when the same (kind, once) was announced before, whenever that was; of two at
    the same time one waits for the other.
    """
    notice = Notice(
        organization=organization,
        kind=news.kind,
        once=news.once,
        subject=news.subject[:250],
        advice=news.advice,
        payload=dict(news.payload),
        page=news.page,
        at=at,
    )
    Notice.objects.bulk_create([notice], ignore_conflicts=True)
    if not Notice.objects.filter(pk=notice.pk).exists():
        return None
    jobs.enqueue("notices.send_emails", organization=organization, at=at, notice_id=str(notice.pk))
    _deliver(notice, at=at)
    return notice


def _deliver(notice: Notice, *, at: datetime) -> None:
    endpoints = notice.organization.webhook_endpoints.filter(disabled_at=None).order_by("id")
    body = message_body(notice.kind, {**notice.payload, "summary": notice.subject}, at=at)
    for endpoint in endpoints:
        if endpoint.wants(notice.kind):
            delivery = Delivery.objects.create(
                endpoint=endpoint,
                message_id=f"msg_{notice.pk.hex}",
                kind=notice.kind,
                body=body,
                created_at=at,
                next_attempt_at=at,
            )
            hand_over(delivery, organization=notice.organization, at=at)


def message_body(kind: str, data: Mapping[str, Any], *, at: datetime) -> str:
    """The body of a message as the specification recommends it: type, timestamp, data."""
    return orjson.dumps({"type": kind, "timestamp": at, "data": dict(data)}).decode()
