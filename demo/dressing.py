"""Recordings dressed as calls: what the recordings do not hold is added here, and said here.

An agent's runs were recorded of gpt-4o; four of five are asked of Claude in Anthropic's shape, with
the same words. Its tools are declared by the names and arguments with which they were called,
since their schemas were not recorded. MMLU's answers were recorded as right or wrong: a right one
is given as one letter, a wrong one as another. Questions of a bank's customers are answered with
their intent.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from demo.conversations import Conversation, Json
from demo.sources.recorded import Answered

GPT, CHEAP_GPT, CLAUDE = "gpt-4o", "gpt-4o-mini", "claude-sonnet-5-5"
GPT_EACH = 5
_MOST_OUTPUT = 1024
_KINDS = {str: "string", bool: "boolean", int: "integer", float: "number", list: "array"}
_INTENTS = "You sort the questions of a bank's customers. Answer with one of these intents only:\n"
_CHOICE = "Answer the question with the letter of the right choice only."
_RIGHT, _WRONG = "A", "B"


def agent_conversations(runs: Sequence[Any]) -> list[Conversation]:
    """Runs with messages in OpenAI's shape under "traj"; every GPT_EACHth stays with OpenAI."""
    tools = declared(runs)
    conversations = [
        _of_claude(number, run["traj"], tools)
        if number % GPT_EACH
        else _of_gpt(number, run["traj"], tools)
        for number, run in enumerate(runs)
    ]
    return [each for each in conversations if each.turns]


def declared(runs: Iterable[Any]) -> Mapping[str, Json]:
    """By the name of each tool that was called, a JSON schema of its arguments."""
    found: dict[str, Json] = {}
    messages = (message for run in runs for message in run["traj"])
    for call in (call["function"] for each in messages for call in each.get("tool_calls") or ()):
        known = found.setdefault(call["name"], {"type": "object", "properties": {}})
        for name, value in json.loads(call["arguments"]).items():
            known["properties"][name] = {"type": _KINDS.get(type(value), "object")}
    return dict(sorted(found.items()))


def _of_gpt(number: int, messages: Sequence[Json], tools: Mapping[str, Json]) -> Conversation:
    functions = [
        {"type": "function", "function": {"name": name, "parameters": schema}}
        for name, schema in tools.items()
    ]
    request = {"model": GPT, "temperature": 0, "tools": functions}
    plain = tuple(_without_name(message) for message in messages)
    return Conversation(f"agent-{number}", "openai", request, plain)


def _without_name(message: Json) -> Json:
    """Results of tools go by the id of their call."""
    return {name: value for name, value in message.items() if name != "name"}


def _of_claude(number: int, messages: Sequence[Json], tools: Mapping[str, Json]) -> Conversation:
    system, *rest = messages
    request = {
        "model": CLAUDE,
        "max_tokens": _MOST_OUTPUT,  # and no temperature, which these models do not take
        "system": system["content"],
        "tools": [{"name": name, "input_schema": schema} for name, schema in tools.items()],
    }
    return Conversation(f"agent-{number}", "anthropic", request, tuple(map(_block_message, rest)))


def _block_message(message: Json) -> Json:
    if message["role"] == "tool":
        result = {"tool_use_id": message["tool_call_id"], "content": message["content"]}
        return {"role": "user", "content": [{"type": "tool_result", **result}]}
    if not message.get("tool_calls"):
        return {"role": message["role"], "content": message["content"]}
    return {"role": message["role"], "content": list(_blocks(message))}


def _blocks(message: Json) -> Iterator[Json]:
    if message.get("content"):
        yield {"type": "text", "text": message["content"]}
    for call in message["tool_calls"]:
        function = call["function"]
        arguments = json.loads(function["arguments"])
        yield {"type": "tool_use", "id": call["id"], "name": function["name"], "input": arguments}


def question_conversations(questions: Sequence[tuple[str, str]]) -> list[Conversation]:
    """One call for each question; the right answer is its intent."""
    intents = _INTENTS + "\n".join(sorted({intent for _, intent in questions}))
    return [
        _single(f"question-{number}", intents, text, intent, right=intent)
        for number, (text, intent) in enumerate(questions)
    ]


def choice_conversations(answered: Sequence[Answered]) -> list[Conversation]:
    """One call for each question of the strong model; what the cheap one said stands beside it."""
    return [
        _single(
            f"choice-{number}",
            _CHOICE,
            each.prompt,
            _letter(each.is_strong_right),
            right=_RIGHT,
            tags=f"route={each.subject}",
            others=((CHEAP_GPT, _letter(each.is_cheap_right)),),
        )
        for number, each in enumerate(answered)
    ]


def _letter(is_right: bool) -> str:
    return _RIGHT if is_right else _WRONG


def _single(name: str, system: str, text: str, answer: str, **more: Any) -> Conversation:
    messages = (
        {"role": "system", "content": system},
        {"role": "user", "content": text},
        {"role": "assistant", "content": answer},
    )
    return Conversation(name, "openai", {"model": GPT, "temperature": 0}, messages, **more)
