"""The prompt and the question in Anthropic's messages request."""

from collections.abc import Iterator, Sequence
from typing import Any

from sim.answers import Question, Tool
from sim.caching import LIFETIMES, MOST_MARKS
from sim.calls import Call
from sim.errors import bad_request
from sim.tokens import Segment, image_row, lifetime_of, media_row, structure_row, text_row

Json = dict[str, Any]
_CHOICES = {"auto": "auto", "any": "required", "none": "none"}


def segments(body: Json) -> list[Segment]:
    """Tools, system prompt and messages as tokens with their cache marks. Raises WireError."""
    found = [Segment(structure_row(_unmarked(t)), lifetime_of(t)) for t in tools_of(body)]
    found.extend(_content(body.get("system"), "system"))
    for number, message in enumerate(messages(body)):
        found.append(Segment(text_row(f"<{message['role']}>")))
        found.extend(_content(message.get("content"), f"messages.{number}.content"))
    return _checked(_automatic(body, found))


def _automatic(body: Json, found: list[Segment]) -> list[Segment]:
    """A mark on the request itself stands for one on its last block."""
    mark = lifetime_of(body)
    return [*found[:-1], Segment(found[-1].row, mark, found[-1].kind)] if mark else found


def _checked(found: list[Segment]) -> list[Segment]:
    marks = [segment.mark for segment in found if segment.mark]
    if len(marks) > MOST_MARKS:
        raise bad_request(
            f"A maximum of 4 blocks with cache_control may be provided. Found {len(marks)}."
        )
    if not set(marks) <= LIFETIMES.keys():
        raise bad_request("cache_control.ephemeral.ttl: Input should be '5m' or '1h'")
    if "5m" in marks and "1h" in marks[marks.index("5m") :]:
        raise bad_request("a ttl='1h' cache_control block must not come after a ttl='5m' one.")
    return found


def tools_of(body: Json) -> Sequence[Json]:
    """The declared tools. Raises WireError (400)."""
    tools = body.get("tools") or []
    if not isinstance(tools, list) or not all(isinstance(t, dict) and t.get("name") for t in tools):
        raise bad_request("tools: Input should be a valid list of tools")
    return tools


def messages(body: Json) -> list[Json]:
    """The messages, at least one. Raises WireError (400)."""
    found = body.get("messages")
    if not isinstance(found, list):
        raise bad_request("messages: Field required")
    if not found:
        raise bad_request("messages: at least one message is required")
    for number, message in enumerate(found):
        role = message.get("role") if isinstance(message, dict) else None
        if role not in {"user", "assistant", "system"}:
            raise bad_request(f"messages.{number}.role: Input should be 'user' or 'assistant'")
    return found


def _content(content: Any, place: str) -> Iterator[Segment]:
    if isinstance(content, str):
        yield Segment(text_row(content))
    elif isinstance(content, list):
        yield from (_block(block, place) for block in content)
    elif content is not None or place != "system":
        raise bad_request(f"{place}: Input should be a valid string or list")


def _block(block: Any, place: str) -> Segment:
    if not isinstance(block, dict) or not isinstance(block.get("type"), str):
        raise bad_request(f"{place}: Input tag does not match any of the expected tags")
    mark, kind = lifetime_of(block), block["type"]
    if kind == "text":
        return Segment(text_row(str(block.get("text", ""))), mark)
    if kind == "image":
        return Segment(image_row(block.get("source")), mark, "image")
    if kind == "document":
        return Segment(media_row(block.get("source")), mark)
    return Segment(structure_row(_unmarked(block)), mark)


def _unmarked(value: Json) -> Json:
    return {name: inner for name, inner in value.items() if name != "cache_control"}


def question(call: Call) -> Question:
    """What the request asks for. Raises WireError (400)."""
    body = call.json
    choice = body.get("tool_choice") or {"type": "auto"}
    return Question(
        seed=call.seed,
        limit=_limit(body),
        stops=body.get("stop_sequences") or (),
        tools=[Tool(t["name"], t.get("input_schema") or {}) for t in tools_of(body)],
        tool_choice=_CHOICES.get(str(choice.get("type")), str(choice.get("name"))),
        is_parallel=choice.get("disable_parallel_tool_use") is not True,
        is_tool_reply=_is_tool_reply(messages(body)[-1]),
        schema=_schema(body),
        is_thinking=(body.get("thinking") or {}).get("type") in {"enabled", "adaptive"},
    )


def _limit(body: Json) -> int:
    limit = body.get("max_tokens")
    if limit is None:
        raise bad_request("max_tokens: Field required")
    if not isinstance(limit, int) or isinstance(limit, bool) or limit < 1:
        raise bad_request("max_tokens: Input should be greater than or equal to 1")
    return limit


def _schema(body: Json) -> Json | None:
    """The schema of a structured answer, where either form of the request puts it."""
    wanted = (body.get("output_config") or {}).get("format") or body.get("output_format")
    return wanted.get("schema") if isinstance(wanted, dict) else None


def _is_tool_reply(message: Json) -> bool:
    content = message.get("content")
    return isinstance(content, list) and any(b.get("type") == "tool_result" for b in content)
