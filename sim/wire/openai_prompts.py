"""The prompt and the question in OpenAI's chat request."""

from collections.abc import Iterator
from typing import Any

from sim.answers import UNLIMITED, Question, Tool
from sim.calls import Call
from sim.errors import bad_request
from sim.models import does_reason
from sim.tokens import Segment, image_row, media_row, structure_row, text_row

Json = dict[str, Any]
_ROLES = {"system", "developer", "user", "assistant", "tool", "function"}
ANY_OBJECT: Json = {
    "type": "object",
    "properties": {"answer": {"type": "string"}, "count": {"type": "integer"}},
    "required": ["answer", "count"],
}


def segments(body: Json) -> list[Segment]:
    """Tools, schema and messages as tokens. Raises WireError (400)."""
    declared = [tool for tool in body.get("tools") or () if isinstance(tool, dict)]
    if isinstance(body.get("response_format"), dict):
        declared.append(body["response_format"])
    found = [Segment(structure_row(value)) for value in declared]
    for number, message in enumerate(messages(body)):
        found.extend(_message(message, f"messages[{number}]"))
    return found


def messages(body: Json) -> list[Json]:
    """The messages, at least one. Raises WireError (400)."""
    found = body.get("messages")
    if not isinstance(found, list) or not found:
        raise bad_request("'messages' must be an array with at least one item.", param="messages")
    for number, message in enumerate(found):
        if not isinstance(message, dict) or message.get("role") not in _ROLES:
            place = f"messages[{number}].role"
            raise bad_request(f"Invalid value for '{place}'.", param=place)
    return found


def _message(message: Json, place: str) -> Iterator[Segment]:
    yield Segment(text_row(f"<{message['role']}>"))
    yield from content_segments(message.get("content"), place)
    if message.get("tool_calls"):
        yield Segment(structure_row(message["tool_calls"]))


def content_segments(content: Any, place: str) -> Iterator[Segment]:
    """A text, nothing, or a list of typed parts. Raises WireError (400)."""
    if isinstance(content, str):
        yield Segment(text_row(content))
    elif isinstance(content, list):
        yield from (_part(part, place) for part in content)
    elif content is not None:
        raise bad_request(f"Invalid type for '{place}.content'.", param=f"{place}.content")


def _part(part: Any, place: str) -> Segment:
    kind = part.get("type") if isinstance(part, dict) else None
    if kind in {"text", "input_text", "output_text", "refusal"}:
        return Segment(text_row(str(part.get("text") or part.get("refusal") or "")))
    if kind in {"image_url", "input_image"}:
        return _image(part)
    if kind in {"input_audio", "file", "input_file"}:
        return Segment(media_row(part), kind="audio" if kind == "input_audio" else "text")
    raise bad_request(f"Invalid value for '{place}.content': {kind!r} is no kind of part.")


def _image(part: Json) -> Segment:
    source = part.get("image_url")
    detail = source.get("detail") if isinstance(source, dict) else part.get("detail")
    return Segment(image_row(source, is_low=detail == "low"), kind="image")


def question(call: Call, model: str) -> Question:
    """What the request asks for. Raises WireError (400)."""
    body = call.json
    stops = body.get("stop") or []
    return Question(
        seed=call.seed,
        limit=limit(body, "max_completion_tokens", "max_tokens"),
        stops=[stops] if isinstance(stops, str) else list(stops),
        tools=[_tool(tool) for tool in body.get("tools") or ()],
        tool_choice=tool_choice(body.get("tool_choice")),
        is_parallel=body.get("parallel_tool_calls") is not False,
        is_tool_reply=messages(body)[-1]["role"] in {"tool", "function"},
        schema=_schema(body.get("response_format")),
        is_thinking=does_reason(model) and body.get("reasoning_effort") not in {"none", "minimal"},
        text=_text(messages(body)[-1]),
    )


def _text(message: Json) -> str:
    """Of a user's message that is one text."""
    content = message.get("content")
    return content if message["role"] == "user" and isinstance(content, str) else ""


def limit(body: Json, *names: str) -> int:
    """The first of these limits that is set. Raises WireError (400) unless it is >= 1."""
    for name in names:
        value = body.get(name)
        if value is None:
            continue
        if not isinstance(value, int) or isinstance(value, bool) or value < 1:
            raise bad_request(f"Invalid '{name}': integer below minimum value.", param=name)
        return value
    return UNLIMITED


def tool_choice(choice: Any) -> str:
    """`none`, `auto`, `required` or the name of a tool."""
    if isinstance(choice, dict):
        function = choice.get("function")
        named = function.get("name") if isinstance(function, dict) else choice.get("name")
        return str(named or "required")
    return {"any": "required"}.get(choice, choice) if isinstance(choice, str) else "auto"


def _tool(tool: Any) -> Tool:
    function = tool.get("function") if isinstance(tool, dict) else None
    if not isinstance(function, dict) or not isinstance(function.get("name"), str):
        raise bad_request("Missing required parameter: 'tools[0].function'.", param="tools")
    return Tool(function["name"], function.get("parameters") or {"type": "object"})


def _schema(wanted: Any) -> Json | None:
    if not isinstance(wanted, dict) or wanted.get("type") in {None, "text"}:
        return None
    if wanted["type"] == "json_object":
        return ANY_OBJECT
    inner = wanted.get("json_schema")
    if not isinstance(inner, dict):
        raise bad_request("Missing required parameter: 'response_format.json_schema'.")
    return inner.get("schema") or ANY_OBJECT
