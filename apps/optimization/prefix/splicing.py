"""Adding to a JSON body without touching a byte of what stands in it."""

import re
from collections.abc import Mapping, Sequence
from json import JSONDecodeError, JSONDecoder

from apps.optimization.prefix.blocks import Path
from apps.optimization.prefix.planning import Mark

_SPACE = re.compile(r"[ \t\n\r]*")
_DECODER = JSONDecoder()

_Place = tuple[int, int]
_Tree = dict[str | int, "_Tree"]  # a path in it ends where nothing is inside


class UnknownPlace(ValueError):
    """A mark's place is not in the body. Send the body as it is."""


def with_marks(body: bytes, marks: Sequence[Mark]) -> bytes:
    """The client's bytes with `cache_control` at each mark; the model sees the same as before.

    A plain string becomes one text block of the same bytes. Raises UnknownPlace.
    """
    text = body.decode("latin-1")  # one character a byte, so that places in it are places in body
    places = _places(text, [mark.path for mark in marks])
    return _spliced(text, [_edit(text, places[mark.path], mark.ttl) for mark in marks])


def with_values(body: bytes, values: Mapping[Path, bytes]) -> bytes:
    """The client's bytes with other values (JSON in UTF-8) at these paths. Raises UnknownPlace."""
    text = body.decode("latin-1")
    places = _places(text, list(values))
    edits = [(*places[path], value.decode("latin-1")) for path, value in values.items()]
    return _spliced(text, edits)


def with_only(body: bytes, name: str, kept: Sequence[int], *, of: int) -> bytes:
    """The client's bytes where the array called `name` has only its elements at `kept`, of `of`.

    At least one is kept, in their order. Raises UnknownPlace.
    """
    text = body.decode("latin-1")
    places = _places(text, [(name, n) for n in range(of)])
    spans = [places[(name, n)] for n in range(of)]
    last = kept[-1]
    edits = [(spans[n][0], spans[n + 1][0], "") for n in range(last) if n not in kept]
    return _spliced(text, [*edits, (spans[last][1], spans[-1][1], "")])


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


def _edit(text: str, place: _Place, ttl: str) -> tuple[int, int, str]:
    start, end = place
    life = "" if ttl == "5m" else f',"ttl":"{ttl}"'
    control = f'"cache_control":{{"type":"ephemeral"{life}}}'
    if text[start] == '"':
        return start, end, f'[{{"type":"text","text":{text[start:end]},{control}}}]'
    inside = _opened(text, start, "{")
    return inside, inside, f"{control},"


def _places(text: str, paths: Sequence[Path]) -> dict[Path, _Place]:
    """Where the values at these paths stand, in one pass over the text."""
    walk = _Walk(text, paths)
    walk.value(_skip(text, 0), walk.wanted, ())
    missing = set(paths) - set(walk.found)
    if missing:
        raise UnknownPlace(f"There is no {missing} in the body.")
    return walk.found


class _Walk:
    """Descends where something is wanted, and leaps over everything else."""

    def __init__(self, text: str, paths: Sequence[Path]) -> None:
        self._text = text
        self.found: dict[Path, _Place] = {}
        self.wanted: _Tree = {}
        for path in paths:
            inner = self.wanted
            for step in path:
                inner = inner.setdefault(step, {})

    def value(self, at: int, wanted: _Tree, path: Path) -> int:
        """The end of the value at `at`."""
        if wanted and self._text[at : at + 1] == "{":
            return self._object(at, wanted, path)
        if wanted and self._text[at : at + 1] == "[":
            return self._array(at, wanted, path)
        _, end = _value(self._text, at)
        if path:
            self.found[path] = (at, end)
        return end

    def _object(self, at: int, wanted: _Tree, path: Path) -> int:
        at = _opened(self._text, at, "{")
        seen: set[object] = set()
        while self._text[at : at + 1] == '"':
            key, at = _value(self._text, at)
            if key in seen and key in wanted:
                raise UnknownPlace(f"{key} is there twice: which of them holds is anybody's guess.")
            seen.add(key)
            at = _skip(self._text, _expect(self._text, _skip(self._text, at), ":"))
            at = _next(self._text, self._child(at, wanted, path, str(key)))
        return _expect(self._text, at, "}")

    def _array(self, at: int, wanted: _Tree, path: Path) -> int:
        at, n = _opened(self._text, at, "["), 0
        while self._text[at : at + 1] not in ("]", ""):
            at, n = _next(self._text, self._child(at, wanted, path, n)), n + 1
        return _expect(self._text, at, "]")

    def _child(self, at: int, wanted: _Tree, path: Path, step: str | int) -> int:
        if step in wanted:
            return self.value(at, wanted[step], (*path, step))
        return _value(self._text, at)[1]


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
