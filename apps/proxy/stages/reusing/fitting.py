"""Say what a call may be answered from: by which keys, of which namespace."""

from apps.optimization.access import Lever, Policies, Policy
from apps.optimization.answers.asking import Question, question_of
from apps.optimization.answers.canonical import (
    Place,
    answer_key,
    is_drawn,
    is_lasting,
    namespace_key,
    near_answer_key,
    space_key,
)
from apps.optimization.answers.forms import FORMS
from apps.optimization.answers.spaces import Space
from apps.optimization.wording import near_key
from apps.proxy.exchange import Exchange
from apps.proxy.levers import Levers
from apps.proxy.reuse import Reuse

_TELLING = (b"anthropic-version", b"anthropic-beta", b"openai-beta", b"openai-version")
_LOCALE_TAG = "locale"


def reuse_of(exchange: Exchange, levers: Levers) -> Reuse | None:
    """None for a call that cannot be answered from what is kept."""
    data_key = exchange.caller.organization.data_key
    if data_key is None or not _is_fit(exchange, levers.policy):
        return None
    policies = exchange.snapshot.shards[exchange.caller.organization.id].policies
    place, document = place_of(exchange, policies), exchange.facts.document
    reuse = Reuse(_named(place, answer_key(data_key, place, document)), data_key)
    if _is_watched(levers, "near_exact") or _is_watched(levers, "semantic"):
        _question(exchange, levers, reuse, place)
    return reuse


def place_of(exchange: Exchange, policies: Policies) -> Place:
    """Where the answer of this call belongs: all that could change it beside its body."""
    caller = exchange.caller
    headers = [
        (name.decode(), value) for name in _TELLING if (value := exchange.header(name)) is not None
    ]
    return Place(
        organization_id=caller.organization.id,
        project_id=caller.project.id,
        endpoint=exchange.endpoint.name,
        models=[
            (
                each.credential.provider,
                each.credential.base_url or "",
                each.model or exchange.model or "",
            )
            for each in exchange.tiers[0]
        ],
        epoch=policies.flushed_at(project_id=caller.project.id),
        query=exchange.query,
        headers=headers,
        own_key=caller.own_key,
    )


def _is_fit(exchange: Exchange, policy: Policy) -> bool:
    """Whether the call can be answered from what is kept; for most that is no question at all."""
    document, form = exchange.facts.document, FORMS.get(exchange.endpoint.name)
    if form is None or not isinstance(document, dict):
        return False
    is_answerable = not form.is_drawn or policy.caches_any_temperature or not is_drawn(document)
    return is_answerable and not is_lasting(exchange.endpoint.name, document)


def _question(exchange: Exchange, levers: Levers, reuse: Reuse, place: Place) -> None:
    question = question_of(exchange.endpoint.name, exchange.facts.document)
    if question is None:
        return
    locale, data_key = _locale(exchange), reuse.data_key
    reuse.question = question
    reuse.namespace = namespace_key(data_key, place, question.frame, locale=locale)
    if _is_watched(levers, "near_exact"):
        reuse.near_key = _near_key(reuse, place, question, locale)
    if _is_watched(levers, "semantic") and question.is_single:
        name = space_key(data_key, reuse.namespace, place.epoch)
        reuse.space = Space(place.organization_id, name, data_key)


def _near_key(reuse: Reuse, place: Place, question: Question, locale: str) -> str | None:
    words = near_key(question.text)
    if not words:
        return None
    digest = near_answer_key(reuse.data_key, place, question.around, words=words, locale=locale)
    return _named(place, digest)


def _named(place: Place, digest: str) -> str:
    return f"{place.organization_id.hex}:{place.project_id.hex}:{digest}"


def _locale(exchange: Exchange) -> str:
    """What the caller says of language, which no body has a place for."""
    tag = exchange.caller.tags.get(_LOCALE_TAG, "")
    return f"{tag}:{exchange.header(b'accept-language') or ''}"


def _is_watched(levers: Levers, lever: Lever) -> bool:
    return levers.policy.state(lever) != "off"
