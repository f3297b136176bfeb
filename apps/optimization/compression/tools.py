"""Which of many offered tools a conversation may need; chosen once, then never changed."""

import json
import re
from collections import Counter, OrderedDict
from collections.abc import Callable, Mapping, Sequence
from math import log
from typing import Any

import numpy as np
from numpy.typing import NDArray

KEPT = 3
_WORDS = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|\d+")
_NEARNESS_WEIGHT = 6.0  # of the cosine beside the words that both have
_NAME_WEIGHT = 2.0
_SHORTEST = 3

Embed = Callable[[str], NDArray[np.float32] | None]


def ranked_tools(tools: Sequence[Mapping[str, Any]], asked: str, *, embed: Embed) -> list[int]:
    """Places of the tools, the most fitting first: shared rare words, and nearness of vectors."""
    texts = [_described(tool) for tool in tools]
    words = [Counter(_words(text)) for text in texts]
    rarity = Counter(word for counted in words for word in counted)
    question, vector = set(_words(asked)), embed(asked)
    scores = [
        _overlap(question, counted, _words(tool_name(tool)), rarity, len(tools))
        + _NEARNESS_WEIGHT * _nearness(vector, embed(text))
        for tool, text, counted in zip(tools, texts, words, strict=True)
    ]
    return sorted(range(len(tools)), key=lambda n: -scores[n])


class SessionTools:
    """The tools that each conversation keeps, for at most `capacity` of them.

    A tool that a later call names or the client adds is kept from then on: it costs the cached
    prefix once, never an answer.
    """

    def __init__(self, *, embed: Embed, kept: int = KEPT, capacity: int = 100_000) -> None:
        self._embed, self._kept, self._capacity = embed, kept, capacity
        self._names: OrderedDict[str, tuple[frozenset[str], frozenset[str]]] = OrderedDict()

    def keep(
        self, tools: Sequence[Mapping[str, Any]], asked: str, *, conversation: str
    ) -> list[int]:
        """Places of the tools to send, in the client's order."""
        offered = [tool_name(tool) for tool in tools]
        if conversation not in self._names:
            best = ranked_tools(tools, asked, embed=self._embed)[: self._kept]
            self._names[conversation] = (frozenset(offered[n] for n in best), frozenset(offered))
        kept, known = self._names[conversation]
        self._names.move_to_end(conversation)
        while len(self._names) > self._capacity:
            self._names.popitem(last=False)
        return [n for n, name in enumerate(offered) if name in kept or name not in known]

    def knows(self, conversation: str) -> bool:
        """Whether its tools were chosen; one that went on without that is left alone."""
        return conversation in self._names

    def forget(self, conversation: str) -> None:
        """What was chosen did not go out."""
        self._names.pop(conversation, None)

    def need(self, name: str, *, conversation: str) -> None:
        """The model or the client named this tool: it is sent from here on."""
        if conversation in self._names:
            kept, known = self._names[conversation]
            self._names[conversation] = (kept | {name}, known)


def tool_name(tool: Mapping[str, Any]) -> str:
    """As OpenAI and Anthropic write it in declarations, calls and choices."""
    inner = tool.get("function")
    return str((inner if isinstance(inner, dict) else tool).get("name", ""))


def _described(tool: Mapping[str, Any]) -> str:
    """Name, description, and names and descriptions of the parameters."""
    found = tool.get("function") if isinstance(tool.get("function"), dict) else tool
    schema = found.get("parameters") or found.get("input_schema") or {} if found else {}
    properties = schema.get("properties") if isinstance(schema, dict) else None
    inside = json.dumps(properties or {}, ensure_ascii=False)
    return f"{tool_name(tool)} {(found or {}).get('description', '')} {inside}"


def _words(text: str) -> list[str]:
    found = (word.lower() for word in _WORDS.findall(text))
    return [word.removesuffix("s") for word in found if len(word) >= _SHORTEST]


def _overlap(
    question: set[str],
    words: Mapping[str, int],
    name: Sequence[str],
    rarity: Mapping[str, int],
    offered: int,
) -> float:
    weights = {word: log((offered + 1) / rarity[word]) for word in question if word in words}
    return sum(weights.values()) + _NAME_WEIGHT * sum(weights.get(word, 0.0) for word in set(name))


def _nearness(one: NDArray[np.float32] | None, two: NDArray[np.float32] | None) -> float:
    return 0.0 if one is None or two is None else float(one @ two)
