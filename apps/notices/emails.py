"""Notices by e-mail, as text and mostly HTML too: one message to each person, sent once."""

from collections.abc import Sequence
from datetime import datetime
from urllib.parse import urljoin

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.db import transaction
from django.db.models import QuerySet
from django.template.loader import render_to_string

from apps.notices.kinds import E_MAILED_ROLES, KEPT_BY_FINANCE, TEXTS, Kind
from apps.notices.models import Notice, NoticeEmail
from apps.tenants.models import User
from apps.tenants.permissions import Role


def send_emails(notice: Notice, *, at: datetime) -> int:
    """E-mail `notice` to those who want it and did not get it yet; returns how many."""
    NoticeEmail.objects.bulk_create(
        (NoticeEmail(notice=notice, user=user) for user in recipients(notice)),
        ignore_conflicts=True,
    )
    waiting = list(notice.emails.filter(sent_at=None).order_by("id").values_list("pk", flat=True))
    return sum(_send(email_id, at=at) for email_id in waiting)


def recipients(notice: Notice) -> QuerySet[User]:
    """Those whom notices of this kind concern and who did not mute it."""
    return (
        User.objects.filter(
            is_active=True,
            memberships__organization=notice.organization_id,
            memberships__role__in=_roles(notice),
        )
        .exclude(
            mutings__in=notice.organization.mutings.filter(kind=notice.kind),
        )
        .order_by("id")
    )


def _roles(notice: Notice) -> Sequence[Role]:
    """Owners, admins and finance; the finance contact alone for what they are to keep."""
    if notice.kind not in KEPT_BY_FINANCE:
        return E_MAILED_ROLES
    contacts = notice.organization.memberships.filter(role=Role.FINANCE, user__is_active=True)
    return (Role.FINANCE,) if contacts.exists() else (Role.OWNER,)


@transaction.atomic
def _send(email_id: int, *, at: datetime) -> bool:
    # Locked while it is sent: the same job may run twice at once.
    waiting = NoticeEmail.objects.select_for_update(of=("self",)).filter(sent_at=None)
    email = waiting.select_related("notice__organization", "user").filter(pk=email_id).first()
    if email is None:
        return False
    _message(email.notice, email.user).send()
    email.sent_at = at
    email.save(update_fields=["sent_at"])
    return True


def _message(notice: Notice, user: User) -> EmailMultiAlternatives:
    home = f"/o/{notice.organization.slug}/"
    context = {
        "notice": notice,
        "organization_name": notice.organization.name,
        "page_url": urljoin(settings.PORTAL_URL, f"{home}{notice.page}/"),
        "choose_url": urljoin(settings.PORTAL_URL, f"{home}alerts/emails/"),
    }
    message = EmailMultiAlternatives(
        subject=" ".join(render_to_string("email/notice_subject.txt", context).split()),
        body=render_to_string(TEXTS.get(Kind(notice.kind), "email/notice.txt"), context),
        to=[user.email],
    )
    if notice.kind in TEXTS:
        return message
    message.attach_alternative(render_to_string("email/notice.html", context), "text/html")
    return message
