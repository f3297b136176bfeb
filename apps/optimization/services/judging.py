"""From comparisons that wait to rows of labels; what was asked and answered is dropped then."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from django.db import transaction

from apps.kernel.clock import utc_now
from apps.optimization.comparisons import Comparison
from apps.optimization.judging.judges import Judge, judge_for
from apps.optimization.judging.labelling import Labelled, labelled
from apps.optimization.models import Certificate, ShadowComparison
from apps.optimization.selectors.policies import standing
from apps.optimization.services.certificates import evict, publish_certificates
from apps.tenants.models import Organization

_LONGEST_NAME = 256


def judge_comparisons(
    *, organization: Organization, comparisons: Sequence[Comparison], at: datetime
) -> list[ShadowComparison]:
    """Labels for all of `comparisons`, or for none: raises GatewayAway or NoJudgement when one that
    has to be asked for cannot be. Evicts kept answers that would have been served wrongly.
    """
    judges = _Judges(organization, at)
    rows = [
        _row(each, label)
        for each in comparisons
        if (label := labelled(each, judges.of(each.project_id), at=utc_now())) is not None
    ]
    with transaction.atomic():
        ShadowComparison.objects.bulk_create(rows, ignore_conflicts=True)
        if evict(_confirmed(rows, at=at), cause="comparison", at=at):
            publish_certificates(organization, at=at)
    return rows


class _Judges:
    """The judge of each project, looked up once."""

    def __init__(self, organization: Organization, at: datetime) -> None:
        self._organization_id, self._policies = organization.pk, standing(at=at)
        self._known: dict[UUID, Judge | None] = {}

    def of(self, project_id: UUID) -> Judge | None:
        if project_id not in self._known:
            policy = self._policies.of(project_id=project_id, key_id=project_id)
            self._known[project_id] = judge_for(
                policy, organization_id=self._organization_id, project_id=project_id
            )
        return self._known[project_id]


def _row(comparison: Comparison, label: Labelled) -> ShadowComparison:
    kind = (comparison.alternative or {}).get("class") or ""
    return ShadowComparison(
        event_id=comparison.event_id,
        project_id=comparison.project_id,
        lever=comparison.lever,
        namespace=comparison.namespace,
        score=comparison.score,
        probability=comparison.probability,
        is_wrong=label.is_wrong,
        labeller=label.labeller,
        entry=comparison.entry,
        kind=str(kind)[:_LONGEST_NAME],
        asked_at=comparison.asked_at,
        judged_at=utc_now(),
        judge_usd=label.judge_usd,
        shadow_usd=label.shadow_usd,
    )


def _confirmed(rows: Sequence[ShadowComparison], *, at: datetime) -> set[str]:
    """Kept answers that a standing certificate would have had served, and wrongly.

    A candidate below the threshold was no answer to that question, and may well be one to its own.
    """
    wrong = [row for row in rows if row.is_wrong and row.entry]
    thresholds = {
        (row.project_id, row.lever, row.namespace): row.threshold
        for row in Certificate.objects.filter(ended_at=None, expires_at__gt=at)
        if wrong
    }
    return {
        row.entry
        for row in wrong
        if row.entry
        and row.score >= thresholds.get((row.project_id, row.lever, row.namespace), float("inf"))
    }
