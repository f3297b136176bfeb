"""What all decisions of one call take together, on one thread."""

import json
import random
from collections.abc import Callable, Mapping, Sequence
from time import thread_time
from typing import Any

import numpy as np

from apps.optimization.compression import ResultCompressor
from apps.optimization.prefix import PromptCachePlanner, with_marks, with_values
from apps.optimization.routing import Abilities, GainModel, Needs, Pins, Route, choose
from apps.optimization.similarity import (
    AnswerIndex,
    StaticEmbedding,
    ThresholdPolicy,
    Vector,
    near_key,
    veto,
)
from bench.rows import Row

CALLS, QUICK_CALLS = 2_000, 300
ENTRIES = 10_000
TARGET_MS, AIM_MS = 5.0, 2.0
_QUESTION = "How do I change the delivery address of order {} that I placed last week?"
_WORDS = ("order", "customer", "asked", "for", "another", "address", "in", "the", "city")

Decide = Callable[[int], object]
_Call = tuple[dict[str, Any], bytes]


def decision_rows(quick: bool) -> list[Row]:
    """CPU of calls of 10 kB with a system prompt, 12 turns and results of tools."""
    calls = [_call(n) for n in range(QUICK_CALLS if quick else CALLS)]
    levers = _levers(calls)
    timed: dict[str, list[float]] = {name: [] for name in levers}
    for n in range(len(calls)):
        for name, decide in levers.items():
            started = thread_time()  # of the processor: others may be using the machine
            decide(n)
            timed[name].append((thread_time() - started) * 1e3)
    total = np.sum(list(timed.values()), axis=0)
    slowest = float(np.percentile(total, 99))
    return [
        Row(
            "all decisions of one call: p99",
            slowest,
            "ms CPU",
            None,
            TARGET_MS,
            slowest <= TARGET_MS,
            AIM_MS,
        ),
        Row("- p50", float(np.percentile(total, 50)), "ms"),
        *(
            Row(f"- {name}: p99", float(np.percentile(each, 99)), "ms")
            for name, each in timed.items()
        ),
    ]


def _levers(calls: Sequence[_Call]) -> dict[str, Decide]:
    embedding = StaticEmbedding.load()
    vectors: dict[int, Vector] = {}

    def embed(n: int) -> object:
        vector = embedding.vector(_QUESTION.format(n))
        assert vector is not None
        vectors[n] = vector
        return vector

    return {
        "near-exact key": lambda n: near_key(_QUESTION.format(n)),
        "vector": embed,
        f"semantic, {ENTRIES:,} entries": _semantic(vectors),
        "routing": _routing(vectors),
        "tool results": _compressing(calls),
        "prompt cache": _marking(calls),
    }


def _semantic(vectors: Mapping[int, Vector]) -> Decide:
    index, policy = AnswerIndex(ENTRIES), ThresholdPolicy()
    draws = np.random.default_rng(1).normal(size=(ENTRIES, 256)).astype(np.float32)
    for n, vector in enumerate(draws):
        index.add(str(n), vector / np.linalg.norm(vector))

    def decide(n: int) -> object:
        match = index.nearest(vectors[n])
        assert match
        decision = policy.decide(match.score, draw=0.5)
        return decision, veto(_QUESTION.format(n), _QUESTION.format(7))

    return decide


def _routing(vectors: Mapping[int, Vector]) -> Decide:
    model = GainModel({"tag:mail": -0.01}, -0.1, np.zeros(256), np.zeros(256))
    able, pins = Abilities(200_000, tools=True), Pins()

    def decide(n: int) -> object:
        gain = model.gain("tag:mail", vectors[n])
        routes = [Route("small", 0.04, able, -0.05, gain), Route("middle", 0.2, able, -0.05, gain)]
        pins.pin(str(n), "small", at_s=float(n))
        return choose(routes, Needs(10_000, tools=True), pinned=pins.model(str(n), at_s=float(n)))

    return decide


def _compressing(calls: Sequence[_Call]) -> Decide:
    compressor = ResultCompressor()

    def decide(n: int) -> object:
        request, body = calls[n]
        plan = compressor.plan(request, conversation=str(n))
        values = {path: json.dumps(text).encode() for path, text in plan.items()}
        return with_values(body, values)

    return decide


def _marking(calls: Sequence[_Call]) -> Decide:
    planner = PromptCachePlanner(key=b"benchmark-of-decisions")

    def decide(n: int) -> object:
        request, body = calls[n]
        plan = planner.plan(request, namespace="o/p", model="claude-opus-5", at_s=float(n))
        planner.applied(plan, at_s=float(n))
        return with_marks(body, plan.marks)

    return decide


def _call(n: int) -> _Call:
    """Of about 10 kB; the system prompt is the same in all, the conversation is not."""
    draws = random.Random(n)  # noqa: S311  # a sample
    turns = [" ".join(draws.choices(_WORDS, k=40)) for _ in range(12)]
    rows = [{"flight": f"HAT{draws.randrange(999):03}", "seats": k, "price": 99} for k in range(30)]
    result = {"type": "tool_result", "tool_use_id": "t", "content": json.dumps(rows)}
    messages = [{"role": ("user", "assistant")[k % 2], "content": t} for k, t in enumerate(turns)]
    last = {"role": "user", "content": [result, {"type": "text", "text": _QUESTION.format(n)}]}
    request = {
        "model": "claude-opus-5",
        "system": "You help. " * 300,
        "messages": [*messages, last],
    }
    return request, json.dumps(request).encode()
