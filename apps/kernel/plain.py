"""Dataclasses to JSON types and back, by their own type hints.

Known hints: str, int, float, bool, Any, Literal, UUID, datetime, Decimal, bytes (base64), other
dataclasses, `X | None`, tuple[X, ...], frozenset[X] and Mapping[K, X].
"""

from base64 import b64decode, b64encode
from collections.abc import Callable, Mapping
from dataclasses import fields
from datetime import datetime
from decimal import Decimal
from functools import cache
from types import UnionType
from typing import Any, Self, Union, get_args, get_origin, get_type_hints
from uuid import UUID

_Reader = Callable[[Any], Any]
_READERS: dict[Any, _Reader] = {
    UUID: UUID,
    Decimal: Decimal,
    datetime: datetime.fromisoformat,
    bytes: b64decode,
}


class Plain:
    """Base of dataclasses that go to and from dicts of JSON types; `init=False` fields stay out."""

    __slots__ = ()

    def to_dict(self) -> dict[str, Any]:
        """Strings, numbers, booleans, None, lists and dicts only."""
        kind: Any = type(self)  # mypy doubts that classes hash
        return {name: _plain(getattr(self, name)) for name in _readers(kind)}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """Reverse `to_dict`; unknown names are passed over, missing ones take their defaults.

        Raises KeyError, TypeError or ValueError for anything else.
        """
        kind: Any = cls
        readers = _readers(kind)
        return cls(**{name: read(values[name]) for name, read in readers.items() if name in values})


def _plain(value: Any) -> Any:
    if isinstance(value, Plain):
        return value.to_dict()
    if isinstance(value, Mapping):
        return {str(key): _plain(each) for key, each in value.items()}
    if isinstance(value, tuple | list):
        return [_plain(each) for each in value]
    if isinstance(value, frozenset):
        return sorted(_plain(each) for each in value)
    return _plain_scalar(value)


def _plain_scalar(value: Any) -> Any:
    if isinstance(value, bytes):
        return b64encode(value).decode()
    if isinstance(value, datetime):
        return value.isoformat()
    return str(value) if isinstance(value, UUID | Decimal) else value


@cache
def _readers(cls: Any) -> dict[str, _Reader]:
    hints = get_type_hints(cls)
    return {field.name: _reader(hints[field.name]) for field in fields(cls) if field.init}


def _reader(hint: Any) -> _Reader:
    origin, parameters = get_origin(hint), get_args(hint)
    if origin in (Union, UnionType):
        inner = _reader(parameters[0])
        return lambda value: None if value is None else inner(value)
    if origin in (tuple, frozenset):
        item = _reader(parameters[0])
        return lambda values: origin(map(item, values))
    if origin is Mapping:
        key, item = map(_reader, parameters)
        return lambda values: {key(name): item(value) for name, value in values.items()}
    if isinstance(hint, type) and issubclass(hint, Plain):
        return hint.from_dict
    return _READERS.get(hint, _as_it_is)


def _as_it_is(value: Any) -> Any:
    return value
