"""Decide on a candidate: give it, or ask the provider and learn whether it would have been right.

What may be given is certified for the namespace and within the bound that the policy sets; a random
share is compared all the same, so that labels go on coming.
"""

import secrets

from apps.optimization.access import Lever
from apps.optimization.certificates import Certificate
from apps.optimization.serving import Action, decide
from apps.proxy.exchange import Exchange
from apps.proxy.levers import ACTED, NONE, SHADOW, Levers
from apps.proxy.reuse import Candidate, Compared, Reuse

_REASONS = {Action.SERVE: "hit", Action.SHADOW: "sampled", Action.MISS: "below"}
_DECISIONS = {Action.SERVE: ACTED, Action.SHADOW: SHADOW, Action.MISS: NONE}
_CERTAIN = 1.0
_draw = secrets.SystemRandom().random  # a caller must not foresee when it is shadowed


def weigh(exchange: Exchange, levers: Levers, reuse: Reuse, lever: Lever, found: Candidate) -> bool:
    """Whether the candidate is to be given. Says why, and notes what is to be compared."""
    if not levers.acts(lever):
        _shadow(levers, reuse, lever, found, "would_hit")
        return False
    certificate = _certificate(exchange, levers, reuse, lever)
    if certificate is None:
        _shadow(levers, reuse, lever, found, "uncertified")
        return False
    decision = decide(found.score, certificate.threshold, draw=_draw())
    levers.decide(
        lever,
        _DECISIONS[decision.action],
        _REASONS[decision.action],
        certificate_id=certificate.id,
        namespace=reuse.namespace,
        score=found.score,
        entry=found.key,
    )
    if decision.action is Action.SERVE:
        return True
    reuse.compared.append(Compared(lever, found, decision.probability))
    return False


def _certificate(
    exchange: Exchange, levers: Levers, reuse: Reuse, lever: Lever
) -> Certificate | None:
    caller = exchange.caller
    found = exchange.snapshot.shards[caller.organization.id].certificates.of(
        lever,
        project_id=caller.project.id,
        namespace=reuse.namespace or "",
        at=exchange.started_at,
    )
    is_within = found is not None and found.bound <= levers.policy.quality_bound
    return found if is_within else None


def _shadow(levers: Levers, reuse: Reuse, lever: Lever, found: Candidate, reason: str) -> None:
    levers.decide(
        lever, SHADOW, reason, namespace=reuse.namespace, score=found.score, entry=found.key
    )
    reuse.compared.append(Compared(lever, found, _CERTAIN))
