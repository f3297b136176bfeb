"""What an answer says and was charged for, read from its bytes alone, whole or streamed.

The same reading is made of what the provider sent and of what the caller got. It shares nothing
with the gateway's own readers.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

Json = Mapping[str, Any]
_DONE = "[DONE]"
_NOISE = "noise"


@dataclass(slots=True)
class Answer:
    """words: what was said, part by part. error: the message of one in place of an answer, or at
    its end. is_whole: it came to the end that its API has. usage: as the provider wrote it.
    """

    words: dict[str, str] = field(default_factory=dict)
    usage: dict[str, Any] = field(default_factory=dict)
    model: str = ""
    error: str = ""
    is_whole: bool = False

    @property
    def digest(self) -> str:
        """The same for the same words, in whatever pieces they came."""
        said = json.dumps([[name, self.words[name]] for name in sorted(self.words)])
        return hashlib.sha256(said.encode()).hexdigest()[:24]

    def say(self, part: str, text: str | None) -> None:
        if text:
            self.words[part] = self.words.get(part, "") + text


def read(path: str, body: bytes) -> Answer:
    """The answer of a call of `path`; neither whole nor an error where it is no such thing."""
    answer = Answer()
    try:
        documents, is_done = _documents(body)
        for document in documents:
            _take(path, document, answer)
    except (ValueError, TypeError, LookupError, AttributeError):
        answer.is_whole = False
        return answer
    answer.is_whole |= is_done and not answer.error
    return answer


def _documents(body: bytes) -> tuple[list[Json], bool]:
    """The JSON documents of a body, and whether a stream ended as OpenAI's do."""
    if body.lstrip()[:1] == b"{":
        return [json.loads(body)], False
    lines = body.decode(errors="replace").split("\n")
    texts = [line.removeprefix("data:").strip() for line in lines if line.startswith("data:")]
    return [_document(text) for text in texts if text != _DONE], texts[-1:] == [_DONE]


def _document(text: str) -> Json:
    """An event that cannot be read is told as it came: it must arrive as it was sent."""
    try:
        document: Json = json.loads(text)
    except ValueError:
        return {_NOISE: text}
    return document


def _take(path: str, document: Json, answer: Answer) -> None:
    if noise := document.get(_NOISE):
        answer.say(_NOISE, noise)
    elif failure := _error_of(document):
        answer.error = failure
    elif path.endswith("/messages"):
        _take_message(document, answer)
    elif path.endswith("/responses"):
        _take_response(document, answer)
    elif path.endswith("/embeddings"):
        _take_vectors(document, answer)
    else:
        _take_completion(document, answer)


def _error_of(document: Json) -> str:
    failure = document.get("error") or (document.get("type") == "error" and document)
    if isinstance(failure, Mapping):
        return str(failure.get("message") or "")
    return ""


def _take_completion(document: Json, answer: Answer) -> None:
    answer.model = document.get("model") or answer.model
    answer.usage = dict(document.get("usage") or answer.usage)
    for choice in document["choices"]:
        said = choice.get("message") or choice.get("delta") or {}
        answer.say(f"{choice['index']}", said.get("content"))
        for number, call in enumerate(said.get("tool_calls") or ()):
            part = f"{choice['index']} tool {call.get('index', number)}"
            function = call.get("function", {})
            answer.say(f"{part} name", function.get("name"))
            answer.say(part, function.get("arguments"))
    answer.is_whole |= document.get("object") == "chat.completion"


def _take_vectors(document: Json, answer: Answer) -> None:
    answer.model, answer.usage = document["model"], dict(document["usage"])
    for vector in document["data"]:
        answer.say(f"{vector['index']}", json.dumps(vector["embedding"]))
    answer.is_whole = True


def _take_response(document: Json, answer: Answer) -> None:
    """Of a stream only its last event, which holds the whole response."""
    response = document.get("response", document)
    if response.get("status") not in ("completed", "incomplete"):
        return
    answer.model, answer.usage = response["model"], dict(response["usage"])
    for number, item in enumerate(response["output"]):
        for part in item.get("content", ()):
            answer.say(f"{number}", part["text"])
        answer.say(f"{number} tool name", item.get("name"))
        answer.say(f"{number} tool", item.get("arguments"))
    answer.is_whole = True


def _take_message(document: Json, answer: Answer) -> None:
    kind = document.get("type")
    if kind == "message":
        _begin_message(document, answer)
        for number, block in enumerate(document["content"]):
            answer.say(f"{number}", block.get("text"))
            answer.say(f"{number} name", block.get("name"))
            answer.say(f"{number} input", _plain(block.get("input")))
        answer.is_whole = True
    elif kind == "message_start":
        _begin_message(document["message"], answer)
    elif kind == "message_delta":
        answer.usage |= document["usage"]
    elif kind == "message_stop":
        _close_inputs(answer)
        answer.is_whole = True
    else:
        _take_block(document, answer)


def _begin_message(message: Json, answer: Answer) -> None:
    answer.model, answer.usage = message["model"], dict(message["usage"])


def _take_block(document: Json, answer: Answer) -> None:
    number = document.get("index")
    if document["type"] == "content_block_start":
        answer.say(f"{number} name", document["content_block"].get("name"))
    elif document["type"] == "content_block_delta":
        delta = document["delta"]
        answer.say(f"{number}", delta.get("text"))
        answer.say(f"{number} input", delta.get("partial_json"))


def _close_inputs(answer: Answer) -> None:
    """Inputs of tools come as text in a stream and as a value in a whole message."""
    for part in _inputs(answer):
        answer.words[part] = _plain(json.loads(answer.words[part]))


def _inputs(answer: Answer) -> Iterator[str]:
    return (part for part in list(answer.words) if part.endswith(" input"))


def _plain(value: Any) -> str:
    return "" if value is None else json.dumps(value, sort_keys=True)
