"""OpenAI's responses in both forms. Source: the types of openai-python 3.54, types/responses."""

from collections.abc import Iterator, Mapping
from itertools import count
from typing import Any

from apps.kernel.tokens import TokenBuckets
from apps.optimization.answers.events import Unknown, event, read_events, require_object

ENDINGS = frozenset({"completed"})
# What a response is before anything of it is there.
_UNBEGUN: Mapping[str, Any] = {
    "status": "in_progress",
    "completed_at": None,
    "output": [],
    "usage": None,
}
# By type of part: what arrives in pieces.
_PARTS = {"output_text": "text", "refusal": "refusal"}


def joined(stream: bytes, _buckets: TokenBuckets) -> dict[str, Any]:
    """The response that the last event holds whole. Raises Unknown."""
    for said in read_events(stream):
        if said.get("type") == "response.completed":
            response = require_object(said.get("response"))
            list(_events(response))
            return response
    raise Unknown("The response was not completed.")


def parted(document: Mapping[str, Any], *, has_usage: bool) -> bytes:
    """The response as a stream of numbered events, which always tells its usage. Raises Unknown."""
    numbers = count()
    return b"".join(
        event({**said, "sequence_number": next(numbers)}, said["type"])
        for said in _events(document)
    )


def text(document: Mapping[str, Any]) -> str | None:
    """What the response says, when it is nothing but text, thoughts aside."""
    items = [each for each in document["output"] if each["type"] != "reasoning"]
    parts = [part for each in items for part in each["content"]]
    is_text = all(part["type"] == "output_text" for part in parts)
    return "".join(part["text"] for part in parts) if is_text else None


def _events(response: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    begun = {**response, **{name: _UNBEGUN[name] for name in _UNBEGUN if name in response}}
    yield {"type": "response.created", "response": begun}
    yield {"type": "response.in_progress", "response": begun}
    for index, each in enumerate(response.get("output") or ()):
        yield from _item_events(index, require_object(each))
    yield {"type": "response.completed", "response": response}


def _item_events(index: int, item: dict[str, Any]) -> Iterator[dict[str, Any]]:
    kind, place = item.get("type"), {"output_index": index}
    opened = {**item, "status": "in_progress"} if "status" in item else {**item}
    if kind == "message":
        opened["content"], pieces = [], _content_events(item)
    elif kind == "function_call":
        opened["arguments"], pieces = "", _argument_events(item)
    elif kind == "reasoning" and not item.get("summary") and not item.get("content"):
        pieces = iter(())
    else:
        raise Unknown(f"An item {kind} cannot be given back.")
    yield {"type": "response.output_item.added", "item": opened, **place}
    for each in pieces:
        yield {**each, "item_id": item.get("id"), **place}
    yield {"type": "response.output_item.done", "item": item, **place}


def _argument_events(item: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    kind, arguments = "response.function_call_arguments", item.get("arguments") or ""
    if arguments:
        yield {"type": f"{kind}.delta", "delta": arguments}
    yield {"type": f"{kind}.done", "name": item.get("name"), "arguments": arguments}


def _content_events(item: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    for index, each in enumerate(item.get("content") or ()):
        for said in _part_events(require_object(each)):
            yield {**said, "content_index": index}


def _part_events(part: dict[str, Any]) -> Iterator[dict[str, Any]]:
    name = _PARTS.get(part.get("type", ""))
    if name is None or part.get("annotations") or part.get("logprobs"):
        raise Unknown(f"A part {part.get('type')} cannot be given back.")
    kind = f"response.{part['type']}"
    logs: dict[str, Any] = {"logprobs": []} if name == "text" else {}
    yield {"type": "response.content_part.added", "part": {**part, name: ""}}
    if part.get(name):
        yield {"type": f"{kind}.delta", "delta": part[name], **logs}
    yield {"type": f"{kind}.done", name: part.get(name, ""), **logs}
    yield {"type": "response.content_part.done", "part": part}
