"""What a model says: text, calls of tools, structured values; the same for every wire format."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson

from sim.draws import Draw
from sim.schemas import Maker
from sim.tokens import count, truncated
from sim.words import prose

_THINKING_TOKENS = 64
UNLIMITED = 1_000_000
REPEAT = "Repeat after me: "


@dataclass(frozen=True)
class Tool:
    """A function that the model may call."""

    name: str
    schema: dict[str, Any]


@dataclass(frozen=True)
class Question:
    """What a request asks for, apart from its prompt.

    `tool_choice` is `none`, `auto`, `required` or a tool's name. `schema` asks for a JSON answer.
    `text`: the last text of the user; every model repeats what follows REPEAT.
    """

    seed: bytes
    limit: int = UNLIMITED  # tokens of output
    stops: Sequence[str] = ()
    tools: Sequence[Tool] = ()
    tool_choice: str = "auto"
    is_parallel: bool = True
    is_tool_reply: bool = False  # the last message is a tool's result
    schema: dict[str, Any] | None = None
    is_thinking: bool = False
    text: str = ""


@dataclass(frozen=True)
class ToolCall:
    """One call of a tool, with the place it has among the calls."""

    number: int
    name: str
    arguments: dict[str, Any]

    @property
    def encoded(self) -> str:
        return orjson.dumps(self.arguments).decode()

    @property
    def count(self) -> int:
        return count(self.name) + count(self.encoded)


@dataclass(frozen=True)
class Answer:
    """`end` is `stop`, `length`, `tools` or `sequence` (then `sequence` says which one)."""

    text: str = ""
    calls: list[ToolCall] = field(default_factory=list)
    thinking: str = ""
    thinking_tokens: int = 0
    end: str = "stop"
    sequence: str | None = None

    @property
    def tokens(self) -> int:
        """Tokens of output, those of thinking among them."""
        return self.thinking_tokens + count(self.text) + sum(c.count for c in self.calls)


def compose(question: Question, variant: int = 0) -> Answer:
    """The answer; `variant` tells the choices of one request (`n`) apart."""
    draw = Draw(question.seed, f"answer {variant}")
    thinking = _thinking(question, draw)
    spent = count(thinking)
    if question.tools and _is_calling(question):
        return Answer("", list(_calls(question, draw)), thinking, spent, "tools")
    text, end, sequence = _bounded(_said(question, draw), question, question.limit - spent)
    return Answer(text, [], thinking, spent, end, sequence)


def _thinking(question: Question, draw: Draw) -> str:
    """At most 64 tokens and half of what may be said."""
    if not question.is_thinking:
        return ""
    return truncated(prose(draw), min(_THINKING_TOKENS, question.limit // 2))


def _is_calling(question: Question) -> bool:
    """Tools are called whenever they may be; left to itself, not again after a result."""
    if question.tool_choice == "auto":
        return not question.is_tool_reply
    return question.tool_choice != "none"


def _calls(question: Question, draw: Draw) -> Iterator[ToolCall]:
    """The named tool, else the first two, or one if calls may not be parallel."""
    named = [tool for tool in question.tools if tool.name == question.tool_choice]
    chosen = named or question.tools[: 2 if question.is_parallel else 1]
    for number, tool in enumerate(chosen):
        value = Maker(tool.schema, draw).value()
        yield ToolCall(number, tool.name, value if isinstance(value, dict) else {})


def _said(question: Question, draw: Draw) -> str:
    if question.text.startswith(REPEAT):
        return question.text.removeprefix(REPEAT)
    if question.schema is None:
        return prose(draw)
    return orjson.dumps(Maker(question.schema, draw).value()).decode()


def _bounded(text: str, question: Question, limit: int) -> tuple[str, str, str | None]:
    """The text up to a stop sequence or the limit, and which of them ended it."""
    found = [(text.find(stop), stop) for stop in question.stops if stop and stop in text]
    short, sequence = (text[: min(found)[0]], min(found)[1]) if found else (text, None)
    if count(short) > limit:
        return truncated(short, limit), "length", None
    return short, "sequence" if sequence is not None else "stop", sequence
