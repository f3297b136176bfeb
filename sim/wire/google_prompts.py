"""The prompt and the question in Google's generateContent request.

Fields may be written in camel or in snake case, as in every JSON form of a protocol buffer.
"""

import re
from collections.abc import Iterator
from typing import Any

from sim.answers import Question, Tool
from sim.calls import Call
from sim.errors import bad_request
from sim.tokens import Segment, image_row, media_row, structure_row, text_row
from sim.wire.openai_prompts import ANY_OBJECT, limit

Json = dict[str, Any]
_CAPITAL = re.compile(r"(?=[A-Z])")
_THINKERS = re.compile(r"gemini-(2\.5|[3-9])")
_MODES = {"ANY": "required", "NONE": "none"}


def field(value: Any, name: str) -> Any:
    """A field of an object by its camel-case name; None when it is not there."""
    if not isinstance(value, dict):
        return None
    return value.get(name, value.get(_CAPITAL.sub("_", name).lower()))


def segments(body: Json) -> list[Segment]:
    """Tools, system instruction and contents as tokens. Raises WireError (400)."""
    found = [Segment(structure_row(tool)) for tool in body.get("tools") or ()]
    system = field(body, "systemInstruction")
    if system:
        found.extend(_content(system, "system"))
    for content in contents(body):
        found.extend(_content(content, "user"))
    return found


def contents(body: Json) -> list[Json]:
    """The conversation, at least one content. Raises WireError (400)."""
    found = body.get("contents")
    found = [found] if isinstance(found, dict) else found
    if not isinstance(found, list) or not found:
        raise bad_request("* GenerateContentRequest.contents: contents is not specified")
    if not all(isinstance(content, dict) for content in found):
        raise bad_request('Invalid value at "contents"')
    return found


def _content(content: Json, role: str) -> Iterator[Segment]:
    yield Segment(text_row(f"<{content.get('role') or role}>"))
    parts = content.get("parts") or []
    for part in [parts] if isinstance(parts, dict) else parts:
        yield _part(part)


def _part(part: Any) -> Segment:
    if not isinstance(part, dict):
        raise bad_request('Invalid value at "contents[0].parts[0]"')
    if isinstance(part.get("text"), str):
        return Segment(text_row(part["text"]))
    source = field(part, "inlineData") or field(part, "fileData")
    if source:
        return _media(source)
    return Segment(structure_row(part))


def _media(source: Json) -> Segment:
    kind = str(field(source, "mimeType") or "").partition("/")[0]
    if kind == "image":
        return Segment(image_row(source), kind="image")
    return Segment(media_row(source), kind="audio" if kind == "audio" else "text")


def question(call: Call) -> Question:
    """What the request asks for. Raises WireError (400)."""
    body = call.json
    wanted = field(body, "generationConfig") or {}
    tools = list(_tools(body))
    return Question(
        seed=call.seed,
        limit=limit({"m": field(wanted, "maxOutputTokens")}, "m"),
        stops=field(wanted, "stopSequences") or (),
        tools=tools,
        tool_choice=_tool_choice(body),
        is_tool_reply=_is_tool_reply(contents(body)[-1]),
        schema=_schema(wanted),
        is_thinking=_is_thinking(call.parts["model"], wanted),
    )


def choices(body: Json) -> int:
    """How many candidates are wanted, 1 to 8. Raises WireError (400)."""
    number = field(field(body, "generationConfig"), "candidateCount") or 1
    if not isinstance(number, int) or not 1 <= number <= 8:
        raise bad_request("candidateCount must be from 1 to 8")
    return number


def shows_thoughts(body: Json) -> bool:
    """Whether the answer is to contain a summary of the thoughts."""
    thinking = field(field(body, "generationConfig"), "thinkingConfig")
    return field(thinking, "includeThoughts") is True


def _tools(body: Json) -> Iterator[Tool]:
    for tool in body.get("tools") or ():
        for declared in field(tool, "functionDeclarations") or ():
            schema = field(declared, "parametersJsonSchema") or declared.get("parameters")
            yield Tool(str(declared.get("name")), schema or {"type": "object"})


def _tool_choice(body: Json) -> str:
    wanted = field(field(body, "toolConfig"), "functionCallingConfig")
    allowed = field(wanted, "allowedFunctionNames") or []
    if len(allowed) == 1:
        return str(allowed[0])
    return _MODES.get(str(field(wanted, "mode") or "AUTO").upper(), "auto")


def _is_tool_reply(content: Json) -> bool:
    parts = content.get("parts") or []
    return isinstance(parts, list) and any(field(part, "functionResponse") for part in parts)


def _schema(wanted: Json) -> Json | None:
    if field(wanted, "responseMimeType") != "application/json":
        return None
    schema = field(wanted, "responseJsonSchema") or field(wanted, "responseSchema")
    return schema or ANY_OBJECT


def _is_thinking(model: str, wanted: Json) -> bool:
    budget = field(field(wanted, "thinkingConfig"), "thinkingBudget")
    return _THINKERS.match(model) is not None and budget != 0
