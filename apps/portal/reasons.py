"""Why a lever decided as it did, for people; docs/levers.md has the words of the record."""

from collections.abc import Mapping

_REASONS: Mapping[str, str] = {
    "again": "What was shortened before went out so again",
    "away": "The store of kept answers could not be reached",
    "below": "A kept answer was close, but below the certified score",
    "cache_is_warm": "The provider holds this conversation's beginning already",
    "cold": "Kept questions were still being read into memory",
    "counts_differ": "The models count tokens differently",
    "eligible": "It could have acted; the conversation is held out or bypasses levers",
    "entity": "The closest question names somebody or something else",
    "far": "No kept question is close",
    "gain_too_low": "The cheaper model is not certified for this kind of request",
    "hit": "The answer was kept from an earlier call",
    "keyed": "The provider was told which calls begin alike",
    "marked": "The beginning was marked for the provider to keep",
    "miss": "Nothing was kept for this call",
    "negation": "The closest question denies what this one says",
    "no_credential": "No credential leads to a cheaper model",
    "no_route": "No route leads to a cheaper model",
    "not_cheaper": "No allowed model is foreseen to be cheaper",
    "number": "The closest question has another number",
    "opposite": "The closest question asks for the opposite",
    "pinned": "The conversation stays with the model that it began with",
    "question": "The closest question asks for something else",
    "routed": "A cheaper model is certified for this kind of request",
    "sampled": "One in ten is asked all the same and compared",
    "shortened": "Tool results went out in fewer tokens",
    "slow_model": "The cheaper model takes too long at the moment",
    "uncertified": "Not certified yet: it only watches",
    "unknown_model": "It is not known what this model can, so that nothing replaces it",
    "unpriced": "A price is missing, so that nothing can be compared",
    "withdrawn": "The certificate was withdrawn",
    "would_hit": "A kept answer would have been given",
}


def told(reason: str) -> str:
    """In a sentence where we have one, else the record's own words."""
    return _REASONS.get(reason) or reason.replace("_", " ").capitalize()
