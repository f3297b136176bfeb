"""Adding to a JSON body without touching a byte of what stands in it."""

import re
from collections.abc import Iterator, Mapping, Sequence
from json import JSONDecodeError, JSONDecoder

from apps.optimization.prefix.blocks import Path
from apps.optimization.prefix.planning import Mark

_SPACE = re.compile(r"[ \t\n\r]*")
_DECODER = JSONDecoder()


class UnknownPlace(ValueError):
    """A mark's place is not in the body. Send the body as it is."""


def with_marks(body: bytes, marks: Sequence[Mark]) -> bytes:
    """The client's bytes with `cache_control` at each mark; the model sees the same as before.

    A plain string becomes one text block of the same bytes. Raises UnknownPlace.
    """
    text = body.decode("latin-1")  # one character a byte, so that places in it are places in body
    return _spliced(text, [_edit(text, mark) for mark in marks])


def with_values(body: bytes, values: Mapping[Path, bytes]) -> bytes:
    """The client's bytes with other values (JSON in UTF-8) at these paths. Raises UnknownPlace."""
    text = body.decode("latin-1")
    edits = [(*_find(text, path), value.decode("latin-1")) for path, value in values.items()]
    return _spliced(text, edits)


def with_member(body: bytes, name: str, value: str) -> bytes:
    """The client's bytes with one more member at the beginning of the object.

    `name` and `value` are plain ASCII without quotes. Raises UnknownPlace.
    """
    text = body.decode("latin-1")
    inside = _opened(text, 0, "{")
    comma = "" if text[inside : inside + 1] == "}" else ","
    return f'{text[:inside]}"{name}":"{value}"{comma}{text[inside:]}'.encode("latin-1")


def _spliced(text: str, edits: Sequence[tuple[int, int, str]]) -> bytes:
    """`edits` are start, end and what stands there instead; none overlaps another."""
    pieces: list[str] = []
    before = 0
    for start, end, new in sorted(edits):
        pieces += [text[before:start], new]
        before = end
    return "".join([*pieces, text[before:]]).encode("latin-1")


def _edit(text: str, mark: Mark) -> tuple[int, int, str]:
    start, end = _find(text, mark.path)
    life = "" if mark.ttl == "5m" else f',"ttl":"{mark.ttl}"'
    control = f'"cache_control":{{"type":"ephemeral"{life}}}'
    if text[start] == '"':
        return start, end, f'[{{"type":"text","text":{text[start:end]},{control}}}]'
    inside = _opened(text, start, "{")
    return inside, inside, f"{control},"


def _find(text: str, path: Path) -> tuple[int, int]:
    start, end = _skip(text, 0), len(text)
    for step in path:
        children = _members(text, start) if isinstance(step, str) else _items(text, start)
        spans = {key: span for key, *span in children}  # a repeated key: the last one holds
        if step not in spans:
            raise UnknownPlace(f"There is no {step} in {path}.")
        start, end = spans[step]
    return start, end


def _members(text: str, at: int) -> Iterator[tuple[str | int, int, int]]:
    at = _opened(text, at, "{")
    while text[at : at + 1] == '"':
        key, at = _value(text, at)
        start = _skip(text, _expect(text, _skip(text, at), ":"))
        _, end = _value(text, start)
        yield str(key), start, end
        at = _next(text, end)


def _items(text: str, at: int) -> Iterator[tuple[str | int, int, int]]:
    at, n = _opened(text, at, "["), 0
    while text[at : at + 1] not in ("]", ""):
        _, end = _value(text, at)
        yield n, at, end
        at, n = _next(text, end), n + 1


def _value(text: str, at: int) -> tuple[object, int]:
    try:
        return _DECODER.raw_decode(text, at)
    except JSONDecodeError as error:
        raise UnknownPlace(str(error)) from error


def _opened(text: str, at: int, bracket: str) -> int:
    """The first place inside the bracket."""
    return _skip(text, _expect(text, _skip(text, at), bracket))


def _expect(text: str, at: int, character: str) -> int:
    if text[at : at + 1] != character:
        raise UnknownPlace(f"{character} was expected at {at}.")
    return at + 1


def _next(text: str, at: int) -> int:
    at = _skip(text, at)
    return _skip(text, at + 1) if text[at : at + 1] == "," else at


def _skip(text: str, at: int) -> int:
    found = _SPACE.match(text, at)
    return found.end() if found else at
