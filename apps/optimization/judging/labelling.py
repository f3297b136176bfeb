"""One comparison to its label: what can be told without asking, else what a judge says.

In doubt an answer is wrong, never right: what is unlike and cannot be judged, what a judge does
not answer plainly, what the alternative model refuses. A call that could not be made labels
nothing, nor what waited with it: else what is easy to label would be labelled more often.
"""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import lru_cache

from apps.optimization.comparisons import Comparison
from apps.optimization.errands import Errand, Reply, ask
from apps.optimization.judging.asking import is_too_long
from apps.optimization.judging.checks import Labeller, Verdict, checked
from apps.optimization.judging.judges import Judge, judge_answer
from apps.optimization.judging.reading import Said, UnreadableAnswer, said
from apps.optimization.similarity import NoWeights, StaticEmbedding, Vector
from apps.tenants.passes import LEVER_TAG


@dataclass(frozen=True, slots=True)
class Labelled:
    """judge_usd, shadow_usd: what asking cost; None where nothing was asked, or not priced."""

    is_wrong: bool
    labeller: Labeller
    judge_usd: Decimal | None = None
    shadow_usd: Decimal | None = None


def labelled(comparison: Comparison, judge: Judge | None, *, at: datetime) -> Labelled | None:
    """The label; None for what cannot be compared. Raises GatewayAway, NoJudgement."""
    if comparison.label is not None:
        return Labelled(comparison.label, "known")
    try:
        given = said(comparison.given)
    except UnreadableAnswer:
        return None
    if comparison.alternative is None:
        return _compared(comparison, judge, given, comparison.candidate, at=at)
    reply = _alternative(comparison, at=at)
    if reply.refusal:
        return None
    body = reply.body if reply.is_success else None
    return _compared(comparison, judge, given, body, at=at, shadow_usd=reply.cost_usd)


def _alternative(comparison: Comparison, *, at: datetime) -> Reply:
    """What the lever would have sent, asked with the customer's own credentials."""
    asked = comparison.alternative or {}
    errand = Errand(
        comparison.organization_id,
        comparison.project_id,
        "shadow",
        key_id=comparison.api_key_id,
        tags={LEVER_TAG: comparison.lever},
    )
    return ask(errand, path=asked["path"], body=asked["body"], at=at)


def _compared(
    comparison: Comparison,
    judge: Judge | None,
    given: Said,
    document: str | None,
    *,
    at: datetime,
    shadow_usd: Decimal | None = None,
) -> Labelled:
    candidate = _said(document)
    if candidate is None:
        return Labelled(True, "task", shadow_usd=shadow_usd)
    verdict = checked(given, candidate, vector=_vector)
    if verdict is None and (judge is None or is_too_long(given) or is_too_long(candidate)):
        verdict = Verdict(is_wrong=True, labeller="exact")
    if verdict is not None or judge is None:
        found = verdict or Verdict(is_wrong=True, labeller="exact")
        return Labelled(found.is_wrong, found.labeller, shadow_usd=shadow_usd)
    said_so = judge_answer(judge, comparison, given=given, candidate=candidate, at=at)
    return Labelled(said_so.is_wrong, "judge", said_so.cost_usd, shadow_usd)


def _said(document: str | None) -> Said | None:
    try:
        return None if document is None else said(document)
    except UnreadableAnswer:
        return None


def _vector(text: str) -> Vector | None:
    embedding = _embedding()
    return embedding.vector(text) if embedding else None


@lru_cache(maxsize=1)
def _embedding() -> StaticEmbedding | None:
    try:
        return StaticEmbedding.load()
    except NoWeights:
        return None
