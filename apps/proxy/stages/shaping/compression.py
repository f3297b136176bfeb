"""Send tools' results that are new in fewer tokens, and the tools that a conversation needs.

What went out stays as it went: only what the provider has not seen is changed, and again in the
same way in every later call. Each form is certified for itself, in each project.
"""

from collections.abc import Iterable, Mapping
from functools import partial
from typing import Any, NamedTuple

import orjson

from apps.kernel.events import Decision
from apps.optimization.access import Lever
from apps.optimization.accounting import KEEP_WHEN_ASKED, Charged, restored
from apps.optimization.answers.forms import CHATS
from apps.optimization.certificates import Certificate
from apps.optimization.compression import (
    KINDS,
    Changes,
    all_shortened,
    is_begun,
    tool_results,
    with_texts,
)
from apps.optimization.prefix import UnknownPlace, with_only, with_values
from apps.optimization.serving import SHADOW_SHARE
from apps.proxy.exchange import Exchange
from apps.proxy.levers import ACTED, SHADOW, Levers, Offer, Removed
from apps.proxy.runtime import Runtime
from apps.proxy.stages.shaping import pruning
from apps.proxy.stages.shaping.alternatives import (
    alternative,
    conversation_draw,
    is_conversation,
    is_drawn,
    is_learnt,
    picked,
)
from apps.proxy.stages.shaping.drafting import Draft, Proposal

LEVER: Lever = "compression"
# Its forms are certified as such: there is nothing by which one call is safer than another.
SCORE = 1.0
_KINDS = KINDS | {pruning.KIND}


class _Call(NamedTuple):
    """certificates: by form. acts: whether what is certified goes out."""

    exchange: Exchange
    runtime: Runtime
    levers: Levers
    draft: Draft
    certificates: Mapping[str, Certificate]
    is_sampled: bool
    acts: bool

    @property
    def conversation(self) -> str:
        return f"{self.exchange.caller.organization.id}:{self.levers.unit}"

    @property
    def certified(self) -> frozenset[str]:
        return frozenset(self.certificates)


def propose(exchange: Exchange, runtime: Runtime, levers: Levers, draft: Draft) -> Proposal | None:
    """Shorter results and fewer tools; see Propose."""
    data_key = exchange.caller.organization.data_key
    is_fit = exchange.endpoint.name in CHATS and is_conversation(levers)
    if not is_fit or data_key is None:
        return None
    if not tool_results(draft.document) and not pruning.concerns(draft.document):
        return None
    is_sampled = conversation_draw(levers, data_key, LEVER) < SHADOW_SHARE
    acts = levers.acts(LEVER) and not is_sampled
    call = _Call(exchange, runtime, levers, draft, _certificates(exchange), is_sampled, acts)
    return _acting(call) if acts else _watching(call)


def without_compression(exchange: Exchange, levers: Levers, charged: Charged) -> Charged | None:
    """The call with the tokens that it was spared; see `restored`."""
    removed = levers.removed
    if removed is None or exchange.candidate is None or not charged.buckets.input_total:
        return None
    is_kept = removed.is_begun and charged.provider not in KEEP_WHEN_ASKED
    buckets = restored(charged.buckets, new=removed.new, old=removed.old, is_kept_unasked=is_kept)
    return charged._replace(buckets=buckets) if buckets else None


def _certificates(exchange: Exchange) -> dict[str, Certificate]:
    caller, at = exchange.caller, exchange.started_at
    known = exchange.snapshot.shards[caller.organization.id].certificates
    bound = exchange.levers.policy.quality_bound if exchange.levers else None
    found = {
        kind: known.of(LEVER, project_id=caller.project.id, namespace=kind, at=at, bound=bound)
        for kind in _KINDS
    }
    return {kind: each for kind, each in found.items() if each and each.threshold <= SCORE}


def _acting(call: _Call) -> Proposal:
    document, results = call.draft.document, call.runtime.results
    kinds = call.certified & KINDS
    changes = results.changes(document, conversation=call.conversation, kinds=kinds)
    kept = _kept(call)
    try:
        changed = _changed(call.draft, changes, kept)
    except UnknownPlace:  # as where a member stands there twice
        _forget(call, kept)
        raise
    fresh = _fresh(changed.document, _KINDS - call.certified)
    is_acting = bool(changes.found or kept)
    return Proposal(
        [*_decisions(call, changes, kept), *_uncertified(fresh)],
        draft=changed if is_acting else None,
        is_triggered=is_acting,
        settle=partial(_settle, call, changes, kept),
        offers=_offers(call, changed.document, fresh, is_asked=is_drawn(SHADOW_SHARE)),
    )


def _kept(call: _Call) -> list[int] | None:
    """Places of the tools that go out; all come back where the certificate has ended."""
    if pruning.KIND not in call.certified:
        return None
    return pruning.kept(call.runtime.tools, call.draft.document, call.conversation)


def _forget(call: _Call, kept: list[int] | None) -> None:
    """A conversation that did not begin with fewer tools goes on with all."""
    if kept and not is_begun(call.draft.document):
        call.runtime.tools.forget(call.conversation)


def _watching(call: _Call) -> Proposal:
    """What is new is remembered as sent as it is; what would have become of it is only told."""
    document, levers = call.draft.document, call.levers
    results = call.runtime.results
    changes = results.changes(document, conversation=call.conversation, kinds=frozenset())
    known = _together(document, call.certified)
    unknown = _fresh(document, _KINDS - call.certified)
    return Proposal(
        [*_told(call, known, SHADOW), *_uncertified(unknown)],
        is_triggered=bool(known) and not call.is_sampled,
        settle=partial(_settle, call, changes, None),
        offers=[
            *_offers(call, document, known, is_asked=is_learnt(levers, LEVER, call.is_sampled)),
            *_offers(call, document, unknown, is_asked=is_drawn(SHADOW_SHARE)),
        ],
    )


def _changed(draft: Draft, changes: Changes, kept: list[int] | None) -> Draft:
    body, document = draft.body, draft.document
    texts = {path: form.text for path, form in changes.found.items()}
    if texts:
        body = with_values(body, {path: orjson.dumps(text) for path, text in texts.items()})
        document = with_texts(document, texts)
    if kept:
        body = with_only(body, "tools", kept, of=len(document["tools"]))
        document = pruning.with_tools(document, kept)
    return draft._replace(body=body, document=document)


def _settle(call: _Call, changes: Changes, kept: list[int] | None, goes_out: bool) -> None:
    call.runtime.results.remember(changes, went_out=goes_out)
    if not goes_out:
        _forget(call, kept)
        return
    document = call.draft.document
    new = {result.path for result in tool_results(document) if result.is_new}
    saved = [0, 0]
    for path, form in changes.found.items():
        saved[path not in new] += form.saved
    is_later = is_begun(document)
    saved[is_later] += pruning.saved(document, kept) if kept else 0
    call.levers.removed = Removed(saved[0], saved[1], is_later)


def _decisions(call: _Call, changes: Changes, kept: list[int] | None) -> list[Decision]:
    """Of what is new. What went out before goes out again, certified or not, and is no evidence."""
    kinds = {form.kind for form in changes.fates.values() if form}
    if kept and not is_begun(call.draft.document):
        kinds.add(pruning.KIND)
    if kinds or not (changes.found or kept):
        return _told(call, kinds, ACTED)
    return [Decision(LEVER, ACTED, "again")]


def _told(call: _Call, kinds: Iterable[str], decision: str) -> list[Decision]:
    reason = "sampled" if call.is_sampled else "shortened"
    return [
        Decision(LEVER, decision, reason, call.certificates[kind].id, kind, SCORE)
        for kind in sorted(kinds)
    ]


def _uncertified(kinds: Iterable[str]) -> list[Decision]:
    return [Decision(LEVER, SHADOW, "uncertified", None, kind, SCORE) for kind in sorted(kinds)]


def _together(document: dict[str, Any], kinds: frozenset[str]) -> set[str]:
    """The forms that what is new in the request would take, were all of these allowed."""
    forms = all_shortened(document, kinds=kinds & KINDS, is_new=True) if kinds else {}
    found = {form.kind for form in forms.values()}
    is_first = pruning.KIND in kinds and not is_begun(document)
    return found | {pruning.KIND} if is_first and pruning.would_keep(document) else found


def _fresh(document: dict[str, Any], kinds: frozenset[str]) -> set[str]:
    """The same with each allowed for itself, as it would be certified."""
    alone = (_together(document, frozenset({kind})) for kind in kinds)
    return set().union(*alone)


def _offers(
    call: _Call, document: dict[str, Any], kinds: set[str], *, is_asked: bool
) -> list[Offer]:
    """One of the forms, to be judged."""
    if not kinds or not is_asked or not call.levers.may_act:
        return []
    kind = picked(sorted(kinds))
    model = call.draft.tiers[0][0].model or call.exchange.model or ""
    asked = partial(_alternative, call.exchange.path, document, kind, model)
    return [Offer(LEVER, kind, SCORE, SHADOW_SHARE / len(kinds), asked)]


def _alternative(path: str, document: dict[str, Any], kind: str, model: str) -> dict[str, Any]:
    return alternative(path, _shrunk(document, kind), model=model)


def _shrunk(document: dict[str, Any], kind: str) -> dict[str, Any]:
    """As it would be had all of the conversation gone out in this form."""
    kept = pruning.would_keep(document) if kind == pruning.KIND else None
    if kept:
        return pruning.with_tools(document, kept)
    forms = all_shortened(document, kinds=frozenset({kind}))
    return with_texts(document, {path: form.text for path, form in forms.items()})
