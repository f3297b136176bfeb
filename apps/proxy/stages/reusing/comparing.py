"""Lay what would have been given beside what the provider has answered, to be judged."""

from apps.optimization.answers.entries import Entry
from apps.optimization.answers.forms import FORMS, Form, text_of
from apps.optimization.comparisons import Comparison
from apps.proxy.exchange import Exchange
from apps.proxy.reuse import Compared, Reuse
from apps.proxy.runtime import Runtime
from apps.proxy.stages.reusing import semantic


def compare(exchange: Exchange, runtime: Runtime, reuse: Reuse, given: Entry) -> str | None:
    """Offer all comparisons of the call; the key of a near entry that answers just the same."""
    form, alike = FORMS[exchange.endpoint.name], None
    for compared in reuse.compared:
        found = _comparison(exchange, reuse, compared, given, form)
        runtime.comparisons.offer(found, reuse.data_key)
        if compared.lever == semantic.LEVER and found.label is False:
            alike = compared.candidate.key
    return alike


def _comparison(
    exchange: Exchange, reuse: Reuse, compared: Compared, given: Entry, form: Form
) -> Comparison:
    caller, candidate = exchange.caller, compared.candidate
    space = reuse.space if compared.lever == semantic.LEVER and reuse.is_keeping else None
    return Comparison(
        event_id=exchange.event_id,
        organization_id=caller.organization.id,
        project_id=caller.project.id,
        lever=compared.lever,
        namespace=reuse.namespace or "",
        score=candidate.score,
        probability=compared.probability,
        asked_at=exchange.started_at,
        endpoint=exchange.endpoint.name,
        model=exchange.model or "",
        question=reuse.question.text if reuse.question else "",
        given=given.document,
        candidate=candidate.entry.document,
        entry=candidate.key,
        label=_label(form, given, candidate.entry),
        api_key_id=caller.api_key_id,
        kept_as=reuse.key if space else None,
        space=space.name if space else None,
    )


def _label(form: Form, given: Entry, candidate: Entry) -> bool | None:
    """False where both say the same; whether another text is wrong is for others to judge."""
    said = text_of(form, given.document)
    return False if said is not None and said == text_of(form, candidate.document) else None
