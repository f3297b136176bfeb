"""Reads: bounded by the caller's page and totally ordered."""

from collections.abc import Collection
from uuid import UUID

from django.db.models import Prefetch, QuerySet

from apps.notices.kinds import WEBHOOK_ONLY, Kind
from apps.notices.models import Attempt, Delivery, Muting, Notice, WebhookEndpoint
from apps.tenants.models import Organization, User


def notices(organization: Organization) -> QuerySet[Notice]:
    """What the organization was told, newest first."""
    return organization.notices.order_by("-at", "-id")


def budget_alerts(
    organization: Organization, *, limit_ids: Collection[UUID], windows: Collection[str]
) -> QuerySet[Notice]:
    """What was told of these budgets in windows of these names, newest first."""
    return notices(organization).filter(
        kind=Kind.BUDGET_ALERT,
        payload__limit_id__in=[str(each) for each in limit_ids],
        payload__window__in=list(windows),
    )


def endpoints(organization: Organization) -> QuerySet[WebhookEndpoint]:
    """Webhook endpoints, newest first."""
    return organization.webhook_endpoints.order_by("-created_at", "-id")


def deliveries(organization: Organization) -> QuerySet[Delivery]:
    """Messages to any endpoint of the organization with their attempts, newest first."""
    attempts = Prefetch("attempts", Attempt.objects.order_by("-at", "-id"))
    return (
        Delivery.objects.filter(endpoint__organization=organization)
        .select_related("endpoint")
        .prefetch_related(attempts)
        .order_by("-created_at", "-id")
    )


def emailed_kinds(organization: Organization, user: User) -> list[Kind]:
    """The kinds of notices that `user` gets by e-mail, if their role is one that gets any."""
    muted = set(
        Muting.objects.filter(organization=organization, user=user).values_list("kind", flat=True)
    )
    return [kind for kind in Kind if kind not in muted | WEBHOOK_ONLY]
