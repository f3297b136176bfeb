"""Tell an organization something, once, by everything it asked to be told by."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

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
    send_message(
        organization=notice.organization,
        kind=Kind(notice.kind),
        about=notice.pk,
        data={**notice.payload, "summary": notice.subject},
        at=at,
    )


@transaction.atomic
def send_message(
    *, organization: Organization, kind: Kind, about: UUID, data: Mapping[str, Any], at: datetime
) -> None:
    """Ask for the webhooks of one message, once for each id `about`, with the caller's
    transaction.
    """
    body = message_body(kind, data, at=at)
    for endpoint in organization.webhook_endpoints.filter(disabled_at=None).order_by("id"):
        if endpoint.wants(kind):
            delivery = Delivery.objects.create(
                endpoint=endpoint,
                message_id=f"msg_{about.hex}",
                kind=kind,
                body=body,
                created_at=at,
                next_attempt_at=at,
            )
            hand_over(delivery, organization=organization, at=at)


def message_body(kind: str, data: Mapping[str, Any], *, at: datetime) -> str:
    """The body of a message as the specification recommends it: type, timestamp, data."""
    return orjson.dumps({"type": kind, "timestamp": at, "data": dict(data)}).decode()
