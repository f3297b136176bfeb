"""Which other models could carry a call: somebody sells them, they can, and they cost less."""

from collections.abc import Sequence
from typing import NamedTuple

from apps.optimization.certificates import Certificate
from apps.optimization.routing import KNOWN, Known, Needs, Route, lacking, pair_namespace
from apps.proxy.exchange import Exchange
from apps.proxy.levers import Levers
from apps.proxy.pricing import cost_of, rate_of
from apps.proxy.providers.estimate import foreseen
from apps.proxy.routing import candidates_for
from apps.proxy.runtime import Runtime
from apps.proxy.selection import Candidate, Tier


class Option(NamedTuple):
    """A cheaper model that the policy allows and the call could be sent to."""

    tiers: Sequence[Tier]
    route: Route
    namespace: str
    certificate: Certificate | None


class Options(NamedTuple):
    """reason: why the last of those that are not here is not."""

    found: list[Option]
    reason: str


def options_of(
    exchange: Exchange, runtime: Runtime, levers: Levers, needs: Needs, *, kind: str
) -> Options:
    """All of them, each with the gain that its certificate expects for this kind of request."""
    options: list[Option] = []
    reason = "no_route"
    for model in levers.policy.allowed_models:
        if model != exchange.model:
            found = _option(exchange, runtime, needs, model, kind)
            if isinstance(found, Option):
                options.append(found)
            else:
                reason = found
    return Options(options, reason)


def _option(
    exchange: Exchange, runtime: Runtime, needs: Needs, model: str, kind: str
) -> Option | str:
    """The option, or why it is none."""
    tiers = candidates_for(exchange, model)
    if not tiers:
        return "no_credential"
    known, own = _known(exchange, tiers[0][0]), _known(exchange, exchange.tiers[0][0])
    if known is None or own is None:
        return "unknown_model"
    if known[0].tokenizer != own[0].tokenizer:
        return "counts_differ"  # what the call would have cost could not be told
    abilities = known[0].abilities(known[1], latency_ms=_latency(runtime, tiers[0]))
    if missing := lacking(needs, abilities):
        return f"lacks_{missing}"
    ratio = _price_ratio(exchange, tiers[0][0])
    if ratio is None:
        return "unpriced"
    if ratio >= 1:
        return "not_cheaper"
    namespace = pair_namespace(exchange.model or "", model)
    certificate = _certificate(exchange, namespace)
    threshold = certificate.threshold if certificate else None
    route = Route(model, ratio, abilities, threshold, _gain(certificate, kind))
    return Option(tiers, route, namespace, certificate)


def _known(exchange: Exchange, candidate: Candidate) -> tuple[Known, int] | None:
    """What is known of the candidate's model, and how many tokens its context has."""
    name = candidate.model or exchange.model or ""
    model = exchange.snapshot.prices.model(candidate.credential.provider, name)
    known = KNOWN.get(model.id) if model else None
    if model is None or known is None or model.context_window is None:
        return None
    return known, model.context_window


def _latency(runtime: Runtime, tier: Tier) -> float | None:
    return runtime.latencies.of(tier[0]) or None


def _price_ratio(exchange: Exchange, candidate: Candidate) -> float | None:
    """Of what the call is foreseen to cost there and where it leads by itself."""
    own = exchange.tiers[0][0]
    buckets = foreseen(exchange.facts)
    tier = exchange.facts.service_tier
    rates = [
        rate_of(exchange, each.credential.provider, each.model, exchange.model, tier=tier)
        for each in (candidate, own)
    ]
    there, here = (cost_of(buckets, {}, rate) for rate in rates)
    return float(there / here) if there is not None and here else None


def _certificate(exchange: Exchange, namespace: str) -> Certificate | None:
    caller = exchange.caller
    certificates = exchange.snapshot.shards[caller.organization.id].certificates
    return certificates.of(
        "routing",
        project_id=caller.project.id,
        namespace=namespace,
        at=exchange.started_at,
        bound=exchange.levers.policy.quality_bound if exchange.levers else None,
    )


def _gain(certificate: Certificate | None, kind: str) -> float:
    if certificate is None:
        return 0.0
    gains = certificate.terms.get("gains", {})
    return float(gains.get(kind, certificate.terms.get("overall", 0.0)))
