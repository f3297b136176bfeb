"""Offer what levers would have sent in place of a call to be asked and judged beside its answer."""

from collections.abc import Mapping
from typing import Any

import orjson

from apps.optimization.answers.forms import FORMS, document_of
from apps.optimization.comparisons import LARGEST as LARGEST_COMPARISON
from apps.optimization.comparisons import Comparison
from apps.proxy import figures
from apps.proxy.exchange import Exchange
from apps.proxy.levers import Levers, Offer
from apps.proxy.runtime import Runtime
from apps.proxy.stages.keep import LARGEST


def compare(exchange: Exchange, runtime: Runtime) -> None:
    """Offer the comparisons of a call that is over and went well; never raises."""
    levers, data_key = exchange.levers, exchange.caller.organization.data_key
    if levers is None or not levers.offers or data_key is None:
        return
    try:
        given = _given(exchange)
        for offer in levers.offers if given else ():
            runtime.comparisons.offer(_comparison(exchange, levers, offer, given), data_key)
    except Exception:  # noqa: BLE001  (the call has its answer; only a label is lost)
        figures.fail_lever(levers.offers[0].lever, "compare")


def _given(exchange: Exchange) -> str:
    """The answer that the caller got as one document; empty where it is none to be compared."""
    if exchange.request_bytes > LARGEST_COMPARISON:
        figures.drop_comparison("large")
        return ""
    if exchange.outcome != "success" or exchange.status != 200:
        return ""
    if exchange.answer is not None:
        return exchange.answer.decode()
    kept = bytes(exchange.kept or b"")
    if len(kept) > LARGEST:
        return ""
    form = FORMS[exchange.endpoint.name]
    return (document_of(form, kept, exchange.buckets) or b"").decode()


def _comparison(exchange: Exchange, levers: Levers, offer: Offer, given: str) -> Comparison:
    caller = exchange.caller
    return Comparison(
        event_id=exchange.event_id,
        organization_id=caller.organization.id,
        project_id=caller.project.id,
        lever=offer.lever,
        namespace=offer.namespace,
        score=offer.score,
        probability=offer.probability,
        asked_at=exchange.started_at,
        endpoint=exchange.endpoint.name,
        model=exchange.model or "",
        question=_question(exchange.facts.document),
        given=given,
        alternative=offer.alternative(),
        api_key_id=caller.api_key_id,
    )


def _question(document: Mapping[str, Any]) -> str:
    """The conversation: what was asked last means nothing without what was said before it."""
    names = ("system", "messages")
    return orjson.dumps({name: document[name] for name in names if name in document}).decode()
