"""Background work of levers: fetch, then call one service."""

from typing import Any

import structlog
from celery import shared_task
from django.conf import settings
from django.db import DatabaseError
from redis import Redis
from redis.exceptions import RedisError

from apps.kernel.clock import utc_now
from apps.kernel.errors import NetraError
from apps.optimization.answers.spaces import ANSWERS
from apps.optimization.errands import GatewayAway
from apps.optimization.judging.judges import NoJudgement
from apps.optimization.judging.queue import organizations_waiting, put_back, taken
from apps.optimization.judging.tying import tie
from apps.optimization.services import certify, judge_comparisons
from apps.tenants.context import current_tenant, tenant_scope
from apps.tenants.jobs import PublicTask, TenantTask, enqueue
from apps.tenants.models import Organization
from apps.tenants.services.data_keys import data_key

JUDGE, CERTIFY = "optimization.judge_comparisons", "optimization.certify"
# Judged together: all of them, or none.
BATCH = 20
# Of one organization in one run; the next run comes a minute later.
LONGEST_RUN_SECONDS = 45

log = structlog.get_logger(__name__)


@shared_task(name="optimization.judge_waiting", base=PublicTask)
def judge_waiting(**_newer: Any) -> int:
    """Ask for `judge_comparisons` where gateways offered any; in how many organizations."""
    try:
        with _queue() as client:
            waiting = organizations_waiting(client, prefix=settings.REDIS_KEY_PREFIX)
    except RedisError:
        log.warning("comparisons_out_of_reach")
        return 0
    known = Organization.objects.filter(pk__in=waiting, closed_at=None)
    for organization in known:
        enqueue(JUDGE, organization=organization, at=utc_now())
    return len(known)


@shared_task(name=JUDGE, base=TenantTask)
def judge_offered(**_newer: Any) -> int:
    """Judge what waits, for at most LONGEST_RUN_SECONDS; how many were labelled."""
    organization, began = current_tenant(), utc_now()
    count = 0
    try:
        with _queue() as client:
            while (utc_now() - began).total_seconds() < LONGEST_RUN_SECONDS:
                labelled = _judge_batch(client, organization)
                if labelled is None:
                    break
                count += labelled
    except RedisError:
        log.warning("comparisons_out_of_reach")
    return count


def _judge_batch(client: Redis, organization: Organization) -> int | None:
    """None: nothing waits, or nothing can be judged for now."""
    key, prefix = data_key(organization, at=utc_now()), settings.REDIS_KEY_PREFIX
    batch = taken(client, prefix=prefix, organization_id=organization.pk, data_key=key, most=BATCH)
    if not batch:
        return None
    try:
        rows = judge_comparisons(organization=organization, comparisons=batch, at=utc_now())
    except (GatewayAway, NoJudgement) as error:
        log.warning("comparisons_not_judged", code=error.code, error=error.detail)
        put_back(client, batch, prefix=prefix, data_key=key)
        return None
    right = [(row.event_id, row.lever) for row in rows if not row.is_wrong]
    tie(client, batch, right, prefix=f"{prefix}:{ANSWERS}", data_key=key)
    return len(rows)


@shared_task(name="optimization.certify_all", base=PublicTask)
def certify_all(**_newer: Any) -> int:
    """Certificates up to date in every open organization; in how many."""
    organizations = Organization.objects.filter(closed_at=None).order_by("id")
    return sum(_certify(organization) for organization in organizations.iterator())


def _certify(organization: Organization) -> bool:
    try:
        with tenant_scope(organization):
            certify(organization=organization, at=utc_now())
    except (NetraError, DatabaseError):
        # A damaged schema must not keep the others from it; the next run tries again.
        log.exception("levers_not_certified", organization_id=str(organization.pk))
        return False
    return True


@shared_task(name=CERTIFY, base=TenantTask)
def certify_one(**_newer: Any) -> None:
    """Certificates of one organization up to date."""
    certify(organization=current_tenant(), at=utc_now())


def _queue() -> Redis:
    return Redis.from_url(settings.CACHE_URL, socket_timeout=5, socket_connect_timeout=2)
