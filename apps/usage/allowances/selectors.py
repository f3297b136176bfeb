"""Reads: how much was used, and whether anything is left."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count

from apps.tenants.context import tenant_scope
from apps.tenants.models import Organization, User
from apps.tenants.plans import AGENT_RUN_WINDOW, Allowance, amount_of
from apps.tenants.selectors import entitlements, seats_taken
from apps.usage.allowances.models import AgentRun, Standing
from apps.usage.selectors import request_count, stored_content_bytes
from apps.usage.store import month_of


@dataclass(frozen=True, slots=True)
class Use:
    """used of `amount`, None without a bound, as of `measured_at`."""

    allowance: Allowance
    used: int
    amount: int | None
    measured_at: datetime


def uses(organization: Organization, *, at: datetime) -> list[Use]:
    """Each allowance of the plan, as of its last measurement; amounts are of `at`."""
    in_force = entitlements(organization, at=at)
    rows = {row.allowance: row for row in Standing.objects.filter(organization=organization)}
    if len(rows) < len(Allowance):
        return measured_uses(organization, at=at)
    return [
        Use(each, rows[each].used, amount_of(in_force, each), rows[each].measured_at)
        for each in Allowance
    ]


def measured_uses(organization: Organization, *, at: datetime) -> list[Use]:
    """Each allowance, measured now."""
    in_force, used = entitlements(organization, at=at), _used(organization, at=at)
    return [Use(each, used[each], amount_of(in_force, each), at) for each in Allowance]


def is_exhausted(organization: Organization, allowance: Allowance) -> bool:
    """Whether nothing was left when it was last measured: then the features of it degrade.

    Calls through the gateway never ask.
    """
    row = Standing.objects.filter(organization=organization, allowance=allowance).first()
    return row is not None and row.amount is not None and row.used >= row.amount


def agent_run_count(organization: Organization, user: User, *, at: datetime) -> int:
    """Runs of `user` in the 5 hours before `at`."""
    runs = AgentRun.objects.filter(organization=organization, user=user)
    return runs.filter(at__gt=at - AGENT_RUN_WINDOW, at__lte=at).count()


def _used(organization: Organization, *, at: datetime) -> Mapping[Allowance, int]:
    with tenant_scope(organization):
        request_total = request_count(since=month_of(at).start)
        stored_bytes = stored_content_bytes()
    return {
        Allowance.AGENT_RUNS: _most_agent_runs(organization, at=at),
        Allowance.REQUESTS: request_total,
        Allowance.SEATS: seats_taken(organization, at=at),
        Allowance.STORAGE: stored_bytes,
    }


def _most_agent_runs(organization: Organization, *, at: datetime) -> int:
    """Of the person who started the most in the last 5 hours."""
    runs = AgentRun.objects.filter(
        organization=organization, at__gt=at - AGENT_RUN_WINDOW, at__lte=at
    )
    busiest = runs.values("user").annotate(count=Count("id")).order_by("-count").first()
    return busiest["count"] if busiest else 0
