"""What is asked: calls of every kind, drawn at random, the same for the same seed."""

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from random import Random
from typing import Any

Body = dict[str, Any]
CHAT, MESSAGES = "/v1/chat/completions", "/v1/messages"
RESPONSES, EMBEDDINGS = "/v1/responses", "/v1/embeddings"
PROVIDERS = {MESSAGES: "anthropic"}
_WORDS = (
    "tariff", "harbour", "ledger", "copper", "window", "engine", "orchard", "signal", "winter",
    "margin", "river", "contract", "lantern", "freight", "column", "meadow",
)  # fmt: skip
_TOOL = {
    "description": "The rate of a route on a day.",
    "parameters": {
        "type": "object",
        "properties": {"route": {"type": "string"}, "day": {"type": "string"}},
        "required": ["route", "day"],
    },
}
# Beyond the 1,024 tokens from which providers keep a prompt.
_HANDBOOK = " ".join(f"Rule {number}: weigh {_WORDS[number % 16]} first." for number in range(220))
_REPEATED = 40
# Faults that meet every attempt of a call, so that its caller hears of them.
LASTING_FAULTS = (
    "500", "503", "529", "cut", "garbage", "error-event", "wrong-content-type", "half-utf8",
    "slow-first-byte=1.5", "stall=1", "429", "400",
)  # fmt: skip
_LASTING_SHARE, _LEAVING_SHARE = 0.01, 0.01


@dataclass(frozen=True, slots=True)
class Ask:
    """One call to be made. fault: of all its attempts. is_left: its caller goes after the first
    bytes. conversation: what it belongs to. first: the call that this one tries again, 0 for none.
    """

    number: int
    kind: str
    path: str
    body: bytes
    model: str
    is_stream: bool
    fault: str
    is_left: bool
    conversation: str
    first: int = 0

    def again(self, number: int) -> "Ask":
        """The same once more, as another call."""
        return replace(self, number=number, first=self.first or self.number)

    @property
    def asked(self) -> str:
        """Names what was asked, in whatever form the answer is wanted."""
        meant = {**json.loads(self.body), "stream": None, "stream_options": None}
        return hashlib.sha256(f"{self.path} {json.dumps(meant)}".encode()).hexdigest()[:24]


@dataclass(frozen=True, slots=True)
class Kind:
    """make(number, name of the organization, draw) → body."""

    name: str
    weight: float
    path: str
    make: Callable[[int, str, Random], Body]


def draw(number: int, organization: str, random: Random) -> Ask:
    """Call `number` of an organization."""
    [kind] = random.choices(KINDS, [each.weight for each in KINDS])
    body = kind.make(number, organization, random)
    is_stream = bool(body.get("stream"))
    is_left = is_stream and random.random() < _LEAVING_SHARE * 3
    is_faulty = kind.name != "repeats" and random.random() < _LASTING_SHARE
    return Ask(
        number, kind.name, kind.path, json.dumps(body).encode(), body["model"], is_stream,
        random.choice(LASTING_FAULTS) if is_faulty else "", is_left,
        f"{organization}-{number // 300}-{random.randrange(40)}",
    )  # fmt: skip


def _said(number: int, organization: str, random: Random) -> str:
    words = " ".join(random.choices(_WORDS, k=random.randrange(10, 120)))
    return f"{organization} asks {number}: {words}?"


def _chat(number: int, organization: str, random: Random) -> Body:
    said = {"role": "user", "content": _said(number, organization, random)}
    model = random.choice(("gpt-4o-mini", "gpt-4.1-mini", "gpt-5-mini"))
    limit = "max_completion_tokens" if model == "gpt-5-mini" else "max_tokens"
    return {"model": model, "messages": [said], limit: random.randrange(20, 90)}


def _chat_stream(number: int, organization: str, random: Random) -> Body:
    options = {"stream_options": {"include_usage": True}} if random.random() < 0.5 else {}
    return _chat(number, organization, random) | {"stream": True} | options


def _tools(number: int, organization: str, random: Random) -> Body:
    tool = {"type": "function", "function": {"name": "rate_of"} | _TOOL}
    is_stream = {"stream": True} if random.random() < 0.5 else {}
    return _chat(number, organization, random) | {"tools": [tool]} | is_stream


def _repeat(number: int, organization: str, random: Random) -> Body:
    fixed = Random(random.randrange(_REPEATED))  # noqa: S311  (the same question again)
    said = {"role": "user", "content": _said(0, organization, fixed)}
    is_stream = {"stream": True} if random.random() < 0.4 else {}
    body = {"model": "gpt-4o-mini", "temperature": 0, "messages": [said]}
    return body | is_stream


def _message(number: int, organization: str, random: Random) -> Body:
    said = {"role": "user", "content": _said(number, organization, random)}
    rules = {"type": "text", "text": f"{organization}. {_HANDBOOK}"}
    body = {"model": "claude-haiku-4-5", "max_tokens": random.randrange(20, 90)}
    return body | {"system": [rules], "messages": [said]}


def _message_stream(number: int, organization: str, random: Random) -> Body:
    return _message(number, organization, random) | {"stream": True}


def _message_tools(number: int, organization: str, random: Random) -> Body:
    tool = {"name": "rate_of", "description": "The rate.", "input_schema": _TOOL["parameters"]}
    is_stream = {"stream": True} if random.random() < 0.5 else {}
    return _message(number, organization, random) | {"tools": [tool]} | is_stream


def _response(number: int, organization: str, random: Random) -> Body:
    said, limit = _said(number, organization, random), random.randrange(20, 90)
    is_stream = {"stream": True} if random.random() < 0.5 else {}
    return {"model": "gpt-4.1-mini", "input": said, "max_output_tokens": limit} | is_stream


def _embedding(number: int, organization: str, random: Random) -> Body:
    texts = [_said(number, organization, random) for _ in range(random.randrange(1, 4))]
    return {"model": "text-embedding-3-small", "input": texts, "dimensions": 64}


KINDS = (
    Kind("chat, whole", 0.20, CHAT, _chat),
    Kind("chat, streamed", 0.22, CHAT, _chat_stream),
    Kind("chat with tools", 0.08, CHAT, _tools),
    Kind("repeats", 0.15, CHAT, _repeat),
    Kind("messages, whole", 0.08, MESSAGES, _message),
    Kind("messages, streamed", 0.07, MESSAGES, _message_stream),
    Kind("messages with tools", 0.04, MESSAGES, _message_tools),
    Kind("responses", 0.08, RESPONSES, _response),
    Kind("embeddings", 0.08, EMBEDDINGS, _embedding),
)
