"""Who compares answers for a project, and what it says."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from django.conf import settings

from apps.kernel.errors import NetraError
from apps.optimization.access import NO_JUDGE, Policy
from apps.optimization.comparisons import Comparison
from apps.optimization.errands import Errand, Reply, ask
from apps.optimization.judging.asking import judge_body, judge_path, read_verdict
from apps.optimization.judging.reading import Said, UnreadableAnswer, said
from apps.tenants.models import Project
from apps.tenants.passes import LEVER_TAG


class NoJudgement(NetraError):
    """The judge cannot be asked as things are configured; nothing is labelled without it."""

    code = "no_judgement"
    http_status = 503


@dataclass(frozen=True, slots=True)
class Judge:
    """A model, and in whose name it is asked: the customer's project, or one of our own."""

    model: str
    organization_id: UUID
    project_id: UUID


@dataclass(frozen=True, slots=True)
class Judgement:
    is_wrong: bool
    cost_usd: Decimal | None


def judge_for(policy: Policy, *, organization_id: UUID, project_id: UUID) -> Judge | None:
    """The one that the policy names, else the installation's own in the name of the system
    organization; None: there is none, and answers that are not the same count as different.
    """
    if policy.judge_model == NO_JUDGE:
        return None
    if policy.judge_model:
        return Judge(policy.judge_model, organization_id, project_id)
    own = Project.objects.filter(organization__is_system=True, archived_at=None)
    project = own.order_by("created_at", "id").first() if settings.JUDGE_MODEL else None
    return Judge(settings.JUDGE_MODEL, project.organization_id, project.pk) if project else None


def judge_answer(
    judge: Judge, comparison: Comparison, *, given: Said, candidate: Said, at: datetime
) -> Judgement:
    """Asks through the gateway. Raises GatewayAway, NoJudgement."""
    is_own = judge.project_id == comparison.project_id
    errand = Errand(
        judge.organization_id,
        judge.project_id,
        "judge",
        key_id=comparison.api_key_id if is_own else None,
        tags={LEVER_TAG: comparison.lever},
    )
    body = judge_body(judge.model, question=comparison.question, given=given, candidate=candidate)
    reply = ask(errand, path=judge_path(judge.model), body=body, at=at)
    _require_asked(judge, reply)
    return Judgement(_is_wrong(reply), reply.cost_usd)


def _require_asked(judge: Judge, reply: Reply) -> None:
    """A provider that refuses one prompt has judged it; one that knows no such model has not."""
    if reply.refusal or reply.status in (401, 402, 403, 404):
        raise NoJudgement(
            f"The judge {judge.model} answers {reply.status} {reply.refusal}. Name another one in "
            "the policy, or give its provider's credentials."
        )


def _is_wrong(reply: Reply) -> bool:
    if not reply.is_success:
        return True
    try:
        return read_verdict(said(reply.body))
    except UnreadableAnswer:
        return True
