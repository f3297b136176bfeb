"""What an organization says about levers; to be read inside its scope."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal
from uuid import UUID

from django.db.models import QuerySet

from apps.optimization.access import Flush, Policies, PolicyTerms, deciding, resolved
from apps.optimization.access import Policy as Access
from apps.optimization.models import CacheFlush, Policy

# Answers are kept no longer, so that an older flush has nothing left to void.
LONGEST_TTL_S = 30 * 86_400
MOST_SUBJECTS = 2_000
Source = Literal["organization", "project", "key"]


@dataclass(frozen=True, slots=True)
class Effect:
    """What holds for a subject. said: its own word. sources: lever or field → who said what holds
    of it; what nobody says is not in it.
    """

    policy: Access
    said: PolicyTerms
    sources: Mapping[str, Source]


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


def effect_on(*, project_id: UUID | None = None, api_key_id: UUID | None = None) -> Effect:
    """What holds for a key of a project, for a project, or for the whole organization."""
    rows = {(row.project_id, row.api_key_id): terms_of(row) for row in policies()}
    chain: list[tuple[Source, PolicyTerms]] = [
        ("organization", rows.get((None, None), PolicyTerms()))
    ]
    if project_id:
        chain.append(("project", rows.get((project_id, None), PolicyTerms())))
    if api_key_id:
        chain.append(("key", rows.get((project_id, api_key_id), PolicyTerms())))
    terms = [said for _, said in chain]
    sources = {name: chain[place][0] for name, place in deciding(*terms).items()}
    return Effect(resolved(*terms), terms[-1], sources)


def said_by(*, project_id: UUID | None = None, api_key_id: UUID | None = None) -> PolicyTerms:
    """The word of one subject alone; of a key whatever project is given."""
    rows = Policy.objects.filter(api_key_id=api_key_id)
    if api_key_id is None:
        rows = rows.filter(project_id=project_id)
    row = rows.order_by("-version").first()
    return terms_of(row) if row else PolicyTerms()


def changes() -> QuerySet[Policy]:
    """Every word that was ever said, the newest first."""
    return Policy.objects.order_by("-version")


def flushes() -> QuerySet[CacheFlush]:
    """What was declared void of late, the newest first; older than answers are kept, none is."""
    return CacheFlush.objects.order_by("-at", "-id")
