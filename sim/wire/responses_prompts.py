"""The prompt and the question in a request of OpenAI's Responses API."""

from collections.abc import Iterator
from typing import Any

from sim.answers import Question, Tool
from sim.calls import Call
from sim.errors import bad_request
from sim.models import does_reason
from sim.tokens import Segment, structure_row, text_row
from sim.wire.openai_prompts import ANY_OBJECT, content_segments, limit, tool_choice

Json = dict[str, Any]


def input_items(body: Json) -> list[Json]:
    """The request's own input, a text made one message. Raises WireError (400)."""
    given = body.get("input")
    if isinstance(given, str):
        given = [{"type": "message", "role": "user", "content": given}]
    if not isinstance(given, list) or not all(isinstance(item, dict) for item in given):
        raise bad_request("Missing required parameter: 'input'.", param="input")
    return given


def segments(body: Json, items: list[Json]) -> list[Segment]:
    """Tools, format, instructions and all items of the conversation as tokens."""
    declared = [tool for tool in body.get("tools") or () if isinstance(tool, dict)]
    if _format(body).get("schema"):
        declared.append(_format(body))
    found = [Segment(structure_row(value)) for value in declared]
    if body.get("instructions"):
        found.append(Segment(text_row(f"<developer>{body['instructions']}")))
    for number, item in enumerate(items):
        found.extend(_item(item, f"input[{number}]"))
    return found


def _item(item: Json, place: str) -> Iterator[Segment]:
    if item.get("type", "message") != "message":
        yield Segment(structure_row(item))
    elif isinstance(item.get("role"), str):
        yield Segment(text_row(f"<{item['role']}>"))
        yield from content_segments(item.get("content"), place)
    else:
        raise bad_request(f"Missing required parameter: '{place}.role'.", param=f"{place}.role")


def question(call: Call, model: str, items: list[Json]) -> Question:
    """What the request asks for. Raises WireError (400)."""
    body = call.json
    effort = (body.get("reasoning") or {}).get("effort")
    return Question(
        seed=call.seed,
        limit=limit(body, "max_output_tokens"),
        tools=[_tool(tool) for tool in body.get("tools") or () if tool.get("type") == "function"],
        tool_choice=tool_choice(body.get("tool_choice")),
        is_parallel=body.get("parallel_tool_calls") is not False,
        is_tool_reply=bool(items) and items[-1].get("type") == "function_call_output",
        schema=_schema(body),
        is_thinking=does_reason(model) and effort not in {"none", "minimal"},
    )


def _tool(tool: Json) -> Tool:
    if not isinstance(tool.get("name"), str):
        raise bad_request("Missing required parameter: 'tools[0].name'.", param="tools[0].name")
    return Tool(tool["name"], tool.get("parameters") or {"type": "object"})


def _format(body: Json) -> Json:
    text = body.get("text")
    wanted = text.get("format") if isinstance(text, dict) else None
    return wanted if isinstance(wanted, dict) else {"type": "text"}


def _schema(body: Json) -> Json | None:
    wanted = _format(body)
    return None if wanted.get("type") == "text" else wanted.get("schema") or ANY_OBJECT
