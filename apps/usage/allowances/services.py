"""Count what a plan bounds, refuse what it does not allow, and tell of it in time."""

from datetime import datetime, timedelta

from django.db import connection, transaction

from apps.notices.kinds import Kind
from apps.notices.services.announcing import News, announce
from apps.tenants.models import Organization, User
from apps.tenants.plans import (
    AGENT_RUN_WINDOW,
    LABELS,
    Allowance,
    PlanLimitReached,
    amount_of,
    plan_of,
    upgrade_advice,
)
from apps.tenants.selectors import entitlements
from apps.usage.allowances.models import AgentRun, Standing
from apps.usage.allowances.selectors import Use, measured_uses

TELLING_PERCENTS = (100, 80, 50)
KEPT_RUNS = timedelta(days=35)
# What goes on and what does not once an allowance is used up.
CONSEQUENCES: dict[Allowance, str] = {
    Allowance.AGENT_RUNS: "Further runs wait until the oldest is 5 hours old.",
    Allowance.REQUESTS: "Calls through the gateway go on.",
    Allowance.SEATS: "Nobody else can be invited; members keep their access.",
    Allowance.STORAGE: "Calls go on, but prompts and answers of further calls are not kept.",
}


class AgentRunsExhausted(PlanLimitReached):
    code = "agent_runs_exhausted"
    http_status = 429
    retry_after_seconds = 1


@transaction.atomic
def consume_agent_run(*, user: User, organization: Organization, at: datetime) -> AgentRun:
    """Count a run of an agent that `user` starts at `at`.

    No 5 hours, wherever they begin, ever hold more runs of one person than the plan allows: the
    window slides, and runs at once are counted one after the other. Raises AgentRunsExhausted.
    """
    _take_turn(user, organization)
    in_force = entitlements(organization, at=at)
    amount = amount_of(in_force, Allowance.AGENT_RUNS)
    # Later ones too: two processes' clocks need not agree.
    recent = AgentRun.objects.filter(
        organization=organization, user=user, at__gt=at - AGENT_RUN_WINDOW
    ).order_by("-at", "-id")
    if amount is not None and recent.count() >= amount:
        blocking = recent[amount - 1].at if amount else at
        raise _exhausted(in_force, amount, wait=blocking + AGENT_RUN_WINDOW - at)
    return AgentRun.objects.create(organization=organization, user=user, at=at)


@transaction.atomic
def measure_allowances(*, organization: Organization, at: datetime) -> list[Standing]:
    """Measure what is used, and tell of shares of 50, 80 and 100 % that were passed."""
    return [_enter(organization, use, at=at) for use in measured_uses(organization, at=at)]


def prune_agent_runs(*, at: datetime) -> int:
    """Forget runs that nobody counts any more; returns how many."""
    count, _ = AgentRun.objects.filter(at__lt=at - KEPT_RUNS).delete()
    return count


def _take_turn(user: User, organization: Organization) -> None:
    # Postgres lets go of this lock when the transaction ends, however it ends.
    name = f"agent-runs:{organization.pk}:{user.pk}"
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [name])


def _exhausted(in_force: dict[str, object], amount: int, *, wait: timedelta) -> AgentRunsExhausted:
    minutes = -(-wait // timedelta(minutes=1))
    error = AgentRunsExhausted(
        f"Your plan {plan_of(in_force).name} has {amount:,} {LABELS[Allowance.AGENT_RUNS]}. "
        f"{upgrade_advice(in_force, Allowance.AGENT_RUNS)} Or try again in {minutes} min."
    )
    error.retry_after_seconds = max(1, -(-wait // timedelta(seconds=1)))
    return error


def _enter(organization: Organization, use: Use, *, at: datetime) -> Standing:
    # One measurement at a time: the later one knows what was told.
    row, _ = Standing.objects.select_for_update().get_or_create(
        organization=organization,
        allowance=use.allowance,
        defaults={"used": 0, "period": "", "measured_at": at},
    )
    period = f"{at:%Y%m%d}" if use.allowance is Allowance.AGENT_RUNS else f"{at:%Y%m}"
    if row.period != period:
        row.period, row.told_percent = period, 0
    row.used, row.amount, row.measured_at = use.used, use.amount, at
    passed = next((each for each in TELLING_PERCENTS if row.percent >= each), 0)
    if passed > row.told_percent:
        row.told_percent = passed
        announce(organization=organization, news=_news(row, passed, at=at), at=at)
    row.save()
    return row


def _news(row: Standing, percent: int, *, at: datetime) -> News:
    in_force, allowance = entitlements(row.organization, at=at), Allowance(row.allowance)
    return News(
        kind=Kind.PLAN_USAGE,
        once=f"{allowance}:{row.period}:{percent}",
        subject=f"{percent} % of the {LABELS[allowance]} of the plan {plan_of(in_force).name} "
        "are used",
        advice=f"{row.used:,} of {row.amount:,} are used. At 100 %: {CONSEQUENCES[allowance]} "
        f"{upgrade_advice(in_force, allowance)}",
        payload={
            "allowance": allowance,
            "plan": plan_of(in_force).code,
            "percent": percent,
            "used": row.used,
            "amount": row.amount,
            "period": row.period,
        },
        page="alerts",
    )
