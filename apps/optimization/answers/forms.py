"""The APIs whose answers can be given again, whole or as a stream, whichever way they came."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import orjson

from apps.kernel.tokens import TokenBuckets
from apps.optimization.answers import chat, messages, responses
from apps.optimization.answers.events import Unknown

# What reading foreign answers may raise beside Unknown.
_FAULTS = (Unknown, AttributeError, LookupError, TypeError, ValueError)


class Parted(Protocol):
    """A document as a stream. Raises Unknown."""

    def __call__(self, document: Mapping[str, Any], *, has_usage: bool) -> bytes: ...


@dataclass(frozen=True, slots=True)
class Form:
    """endings: reasons to finish of answers that are whole and unfiltered; none where an answer
    says no reason. text: of an answer that is one text and nothing else, so no call of a tool.
    is_drawn: whether the model draws its answers, so that temperature matters.
    """

    endings: frozenset[str]
    joined: Callable[[bytes, TokenBuckets], dict[str, Any]]
    parted: Parted
    text: Callable[[Mapping[str, Any]], str | None]
    is_drawn: bool = True


def _never_joined(_stream: bytes, _buckets: TokenBuckets) -> dict[str, Any]:
    raise Unknown("This API has no streams.")


def _never_parted(document: Mapping[str, Any], *, has_usage: bool) -> bytes:
    raise Unknown("This API has no streams.")


def _no_text(_document: Mapping[str, Any]) -> None:
    return None


# Those that are asked in turns of messages.
CHATS = frozenset({"chat.completions", "messages"})
FORMS: Mapping[str, Form] = {
    "chat.completions": Form(chat.ENDINGS, chat.joined, chat.parted, chat.text),
    "messages": Form(messages.ENDINGS, messages.joined, messages.parted, messages.text),
    "responses": Form(responses.ENDINGS, responses.joined, responses.parted, responses.text),
    "embeddings": Form(frozenset(), _never_joined, _never_parted, _no_text, is_drawn=False),
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


def text_of(form: Form, document: str) -> str | None:
    """The text of an answer that is nothing else, its white space made even."""
    try:
        text = form.text(orjson.loads(document))
    except _FAULTS:
        return None
    return " ".join(text.split()) if text else None
