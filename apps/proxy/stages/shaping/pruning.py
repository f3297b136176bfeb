"""Which of the tools that a call offers go out: those that its conversation began with."""

from typing import Any

import orjson

from apps.optimization.compression import (
    KEPT,
    SessionTools,
    first_question,
    is_begun,
    named_tools,
    saved_tokens,
)

KIND = "tools"


def concerns(document: dict[str, Any]) -> bool:
    """Whether more plain functions are offered than are kept. What the provider runs itself, or
    the caller has marked, is never taken away.
    """
    tools = document.get("tools")
    return isinstance(tools, list) and len(tools) > KEPT and all(map(_is_plain, tools))


def kept(sessions: SessionTools, document: dict[str, Any], conversation: str) -> list[int] | None:
    """Places of the tools to send; None sends all, as where the conversation began with all."""
    if not concerns(document) or (is_begun(document) and not sessions.knows(conversation)):
        return None
    tools, asked = document["tools"], first_question(document)
    sessions.keep(tools, asked, conversation=conversation)
    for name in named_tools(document):
        sessions.need(name, conversation=conversation)
    places = sessions.keep(tools, asked, conversation=conversation)
    return places if 0 < len(places) < len(tools) else None


def would_keep(document: dict[str, Any]) -> list[int] | None:
    """The same for a conversation of which nothing is known but this call."""
    if not concerns(document):
        return None
    tools = document["tools"]
    session = SessionTools(embed=lambda _: None)
    session.keep(tools, first_question(document), conversation="")
    for name in named_tools(document):
        session.need(name, conversation="")
    places = session.keep(tools, "", conversation="")
    return places if 0 < len(places) < len(tools) else None


def with_tools(document: dict[str, Any], places: list[int]) -> dict[str, Any]:
    """The request with these of its tools only."""
    return document | {"tools": [document["tools"][place] for place in places]}


def saved(document: dict[str, Any], places: list[int]) -> int:
    """Tokens of the tools that do not go out, told low."""
    gone = (tool for n, tool in enumerate(document["tools"]) if n not in places)
    return sum(saved_tokens(orjson.dumps(tool).decode(), "") for tool in gone)


def _is_plain(tool: object) -> bool:
    if not isinstance(tool, dict) or "cache_control" in tool:
        return False
    return isinstance(tool.get("function"), dict) or "input_schema" in tool
