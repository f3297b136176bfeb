"""What an organization says about levers; to be read inside its scope."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from apps.optimization.access import Flush, Policies, PolicyTerms, resolved
from apps.optimization.access import Policy as Access
from apps.optimization.models import CacheFlush, Policy

# Answers are kept no longer, so that an older flush has nothing left to void.
LONGEST_TTL_S = 30 * 86_400
MOST_SUBJECTS = 2_000


def policies() -> Sequence[Policy]:
    """The newest word of each subject: the organization, projects, then keys."""
    newest = Policy.objects.order_by("project_id", "api_key_id", "-version").distinct(
        "project_id", "api_key_id"
    )[:MOST_SUBJECTS]
    return sorted(newest, key=_breadth)


def standing(*, at: datetime) -> Policies:
    """All that holds at `at`, as gateways are told."""
    rows = policies()
    own = next((row for row in rows if _breadth(row)[0] == 0), None)
    keys = [row for row in rows if row.api_key_id]
    live = CacheFlush.objects.filter(at__gt=at - timedelta(seconds=LONGEST_TTL_S))
    return Policies(
        version=max((row.version for row in rows), default=0),
        organization=terms_of(own) if own else PolicyTerms(),
        by_project={
            row.project_id: terms_of(row) for row in rows if row.project_id and not row.api_key_id
        },
        by_key={row.api_key_id: terms_of(row) for row in keys if row.api_key_id},
        project_of={
            row.api_key_id: row.project_id for row in keys if row.project_id and row.api_key_id
        },
        flushes=tuple(Flush(row.at, row.project_id, row.tag) for row in live.order_by("at", "id")),
    )


def terms_of(row: Policy) -> PolicyTerms:
    """What a row says."""
    return PolicyTerms(
        levers=row.levers,
        quality_bound=row.quality_bound,
        cache_ttl_s=row.cache_ttl_s,
        caches_any_temperature=row.caches_any_temperature,
        traffic_percent=row.traffic_percent,
        allowed_models=None if row.allowed_models is None else tuple(row.allowed_models),
        judge_model=row.judge_model,
        deadline_s=row.deadline_s,
    )


def _breadth(row: Policy) -> tuple[int, str, str]:
    depth = 2 if row.api_key_id else 1 if row.project_id else 0
    return depth, str(row.project_id), str(row.api_key_id)


def effective(row: Policy) -> Access:
    """What holds for the subject of `row`, with what is said above it."""
    above = [each for each in policies() if _breadth(each)[0] < _breadth(row)[0]]
    chain = [each for each in above if each.project_id in (None, row.project_id)]
    return resolved(*map(terms_of, [*chain, row]))
