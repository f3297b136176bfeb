"""Labels that nobody needs to be asked for. Where in doubt None, and a judge is asked.

An answer is right when it says the same, or calls the same tools with the same arguments. It is
wrong when tools or structured values differ in more than wording. Static vectors only ever say
*wrong*, of two answers that are about different things: near vectors prove nothing (a number or a
"not" hardly moves them), while a label that is wrongly "wrong" only makes certificates stricter.
"""

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import orjson

from apps.optimization.judging.reading import Said
from apps.optimization.similarity import Vector

Labeller = Literal["known", "exact", "task", "vectors", "judge", "feedback"]
# Cosine below which two answers are about different things; fewer words say too little for it.
FAR = 0.2
_LEAST_WORDS = 12
_FENCE = re.compile(r"\s*```(?:json)?\s*\n(.*?)\n\s*```\s*", re.S)
_NONE = object()


@dataclass(frozen=True, slots=True)
class Verdict:
    """is_wrong: of the lever's answer, beside the one that was given."""

    is_wrong: bool
    labeller: Labeller


def checked(
    given: Said, candidate: Said, *, vector: Callable[[str], Vector | None]
) -> Verdict | None:
    """The label of `candidate`, or None where only a judge can tell. vector: of a text."""
    if given.calls or candidate.calls:
        return Verdict(given.calls != candidate.calls, "task")
    if _plain(given.text) == _plain(candidate.text):
        return Verdict(is_wrong=False, labeller="exact")
    return _structured(given.text, candidate.text) or _far(given.text, candidate.text, vector)


def _plain(text: str) -> str:
    """Without what does not change what is said: spacing, compatible forms, a last full stop."""
    return " ".join(unicodedata.normalize("NFKC", text).split()).rstrip(" .").casefold()


def _structured(given: str, candidate: str) -> Verdict | None:
    """Of JSON answers: equal values, or others in more than their texts."""
    first, second = _value(given), _value(candidate)
    if first is _NONE and second is _NONE:
        return None
    if _NONE not in (first, second) and _canonical(first) == _canonical(second):
        return Verdict(is_wrong=False, labeller="task")
    is_worded = _NONE not in (first, second) and _shape(first) == _shape(second)
    return None if is_worded else Verdict(is_wrong=True, labeller="task")


def _value(text: str) -> Any:
    """The object or list that an answer is, also within a fence; else _NONE."""
    fenced = _FENCE.fullmatch(text)
    try:
        value = orjson.loads(fenced[1] if fenced else text)
    except orjson.JSONDecodeError:
        return _NONE
    return value if isinstance(value, dict | list) else _NONE


def _canonical(value: Any) -> bytes:
    """Apart from the order of names; 1 is not true here, as it is in Python."""
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS)


def _shape(value: Any) -> Any:
    """All of a value but the wording of its texts of several words."""
    if isinstance(value, dict):
        return {name: _shape(each) for name, each in value.items()}
    if isinstance(value, list):
        return [_shape(each) for each in value]
    is_prose = isinstance(value, str) and " " in value.strip()
    return ... if is_prose else (type(value), value)


def _far(given: str, candidate: str, vector: Callable[[str], Vector | None]) -> Verdict | None:
    if min(len(given.split()), len(candidate.split())) < _LEAST_WORDS:
        return None
    first, second = vector(given), vector(candidate)
    if first is None or second is None or float(np.dot(first, second)) >= FAR:
        return None
    return Verdict(is_wrong=True, labeller="vectors")
