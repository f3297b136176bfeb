"""What levers decided by a score, counted by namespace; see Decision in apps.kernel.events."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import connection

from apps.usage.models import UsageEvent

# A score is counted by its hundredths, rounded down; what floats lose of one is given back first.
_COUNTED = """
    SELECT project_id, decided ->> 'lever', decided ->> 'namespace',
        floor(((decided ->> 'score')::float8 + 1e-9) * 100)::int AS hundredths,
        count(*), max(started_at)
    FROM usage_event CROSS JOIN LATERAL jsonb_array_elements(decisions) AS decided
    WHERE started_at >= %s AND started_at < %s AND kind = 'live'
        AND decided ->> 'namespace' IS NOT NULL AND decided ->> 'reason' <> 'eligible'
    GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4 NULLS FIRST
"""


@dataclass(frozen=True, slots=True)
class ScoredCalls:
    """Calls on which a lever decided in one namespace, with scores in the same hundredth.

    hundredths: None for those that there was nothing to score for.
    """

    project_id: UUID
    lever: str
    namespace: str
    hundredths: int | None
    calls: int
    last_at: datetime


def scored_calls(*, since: datetime, until: datetime) -> Iterator[ScoredCalls]:
    """The live calls that began within [since, until), by project, lever, namespace and score.

    Not those that were only eligible: they were held out or bypassed, and nothing was looked up.
    """
    with connection.cursor() as cursor:
        cursor.execute(_COUNTED, [since, until])
        for row in cursor.fetchall():
            yield ScoredCalls(*row)


def decisions_of(event_id: UUID) -> tuple[datetime, UUID, list[dict[str, object]]] | None:
    """When a live call began, its project, and what levers decided; None: it is not stored."""
    found = UsageEvent.objects.filter(pk=event_id, kind="live")
    row = found.values_list("started_at", "project_id", "decisions").first()
    return None if row is None else (row[0], row[1], list(row[2]))
