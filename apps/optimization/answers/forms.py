"""The APIs whose answers can be given again, whole or as a stream, whichever way they came."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import orjson

from apps.kernel.tokens import TokenBuckets
from apps.optimization.answers import chat, messages
from apps.optimization.answers.events import Unknown

# What reading foreign answers may raise beside Unknown.
_FAULTS = (Unknown, AttributeError, LookupError, TypeError, ValueError)


class Parted(Protocol):
    """A document as a stream. Raises Unknown."""

    def __call__(self, document: Mapping[str, Any], *, has_usage: bool) -> bytes: ...


@dataclass(frozen=True, slots=True)
class Form:
    """endings: reasons to finish of answers that are whole and unfiltered."""

    endings: frozenset[str]
    joined: Callable[[bytes, TokenBuckets], dict[str, Any]]
    parted: Parted


FORMS: Mapping[str, Form] = {
    "chat.completions": Form(chat.ENDINGS, chat.joined, chat.parted),
    "messages": Form(messages.ENDINGS, messages.joined, messages.parted),
}


def document_of(form: Form, stream: bytes, buckets: TokenBuckets) -> bytes | None:
    """A whole stream as one document; None for one that we could not give back faithfully."""
    try:
        return orjson.dumps(form.joined(stream, buckets))
    except _FAULTS:
        return None


def stream_of(form: Form, document: bytes, *, has_usage: bool) -> bytes | None:
    """A document as a whole stream; None for one that has no faithful stream."""
    try:
        return form.parted(orjson.loads(document), has_usage=has_usage)
    except _FAULTS:
        return None
