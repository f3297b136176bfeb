"""Which calls are the same: a keyed hash over everything that may change an answer."""

import hmac
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache
from typing import Any
from uuid import UUID

import orjson

from apps.optimization.access import NEVER

PURPOSE = b"netra answer keys"
# What says nothing of the answer: how it is sent, who asks, where it is traced and billed.
_SILENT = frozenset(
    {
        "stream",
        "stream_options",
        "user",
        "safety_identifier",
        "metadata",
        "prompt_cache_key",
        "prompt_cache_retention",
        "service_tier",
    }
)
# What makes another call of one that reads the same.
_LASTING = ("store", "previous_response_id", "conversation", "background", "container")


@dataclass(frozen=True, slots=True)
class Place:
    """Where an answer belongs.

    models: (provider, base URL, model) of each that could give it. headers: those that change what
    a provider does. own_key: of the caller, whose models may be nobody else's. epoch: when
    everything was last declared void.
    """

    organization_id: UUID
    project_id: UUID
    endpoint: str
    models: Sequence[tuple[str, str, str]]
    epoch: datetime
    query: str = ""
    headers: Sequence[tuple[str, str]] = ()
    own_key: str | None = None


def is_drawn(document: Mapping[str, Any]) -> bool:
    """Whether the provider may answer the same call differently each time, as it does unless
    temperature is 0.
    """
    temperature = document.get("temperature")
    return isinstance(temperature, bool) or temperature != 0


def is_lasting(endpoint: str, document: Mapping[str, Any]) -> bool:
    """Whether the call leaves something at the provider or looks something up there, so that an old
    answer is no substitute. Responses are kept there unless the call says `"store": false`.
    """
    if any(document.get(name) for name in _LASTING):
        return True
    return endpoint == "responses" and (
        document.get("store") is not False or bool(document.get("prompt")) or _looks_up(document)
    )


def _looks_up(document: Mapping[str, Any]) -> bool:
    """Whether the provider may search, run or draw something while it answers."""
    tools = document.get("tools")
    named = tools if isinstance(tools, list) else []
    return any(not isinstance(each, dict) or each.get("type") != "function" for each in named)


def answer_key(data_key: bytes, place: Place, document: Mapping[str, Any]) -> str:
    """Hexadecimal HMAC-SHA-256, under a key that is derived from the organization's data key, of
    sorted JSON of the place and the whole request without what says nothing of the answer. Prompts
    cannot be told from it, nor tried out by anybody else.
    """
    return _digest(data_key, place, document)


def near_answer_key(
    data_key: bytes, place: Place, around: Mapping[str, Any], *, words: Sequence[str], locale: str
) -> str:
    """The same of a call whose last text is reduced to `words`; `around` it everything counts."""
    return _digest(data_key, place, around, "near", locale, list(words))


def namespace_key(data_key: bytes, place: Place, frame: Mapping[str, Any], *, locale: str) -> str:
    """The same of everything but what is asked, and but the time of the last flush, after which the
    same questions are still alike: what a certificate is for.
    """
    lasting = replace(place, epoch=NEVER)
    return _digest(data_key, lasting, frame, "namespace", locale)


def space_key(data_key: bytes, namespace: str, epoch: datetime) -> str:
    """Of a namespace since its last flush: whose answers may be given."""
    named = f"{namespace}:{epoch.isoformat()}".encode()
    return hmac.digest(_derived(data_key), named, "sha256").hex()


def _digest(data_key: bytes, place: Place, document: Mapping[str, Any], *more: Any) -> str:
    told = {name: value for name, value in document.items() if name not in _SILENT}
    named = [
        place.organization_id,
        place.project_id,
        place.endpoint,
        sorted(set(place.models)),
        place.epoch,
        place.query,
        sorted(place.headers),
        place.own_key,
        told,
        *more,
    ]
    encoded = orjson.dumps(named, option=orjson.OPT_SORT_KEYS)
    return hmac.digest(_derived(data_key), encoded, "sha256").hex()


@lru_cache(maxsize=4096)  # one for each organization
def _derived(data_key: bytes) -> bytes:
    return hmac.digest(data_key, PURPOSE, "sha256")
