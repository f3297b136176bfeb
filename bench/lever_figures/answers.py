"""Answer caching: near-exact keys on traps, a certified threshold on a stream of intents."""

import random
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from apps.optimization.similarity import (
    Action,
    AnswerIndex,
    StaticEmbedding,
    ThresholdPolicy,
    near_key,
    veto,
)
from bench.rows import Row
from demo.sources.folders import data, json_lines
from demo.sources.recorded import questions as recorded_questions

STREAM, ORDERS, QUICK_ORDERS = 5_000, 100, 5
BOUND, ANCHOR_HITS, LEAST_HITS = 0.01, 0.162, 0.16
_SPLIT_SEED = 77

Question = tuple[np.ndarray[Any, Any], str]


def trap_rows() -> list[Row]:
    """fow_cache: pairs with odd positions, which nothing was chosen on, and all conversations."""
    pairs = json_lines("fow_cache", "pairs.jsonl")[1::2]
    same = [p for p in pairs if p["same_answer"]]
    traps = [p for p in pairs if not p["same_answer"]]
    served = _served(same, _nearly_same) / len(same)
    wrong = _served(traps, _nearly_same)
    talks = [
        each
        for folder in ("conv-parts", "conv-long")
        for file in sorted(data("fow_cache", folder).glob("*.jsonl"))
        for each in json_lines("fow_cache", folder, file.name)
    ]
    fooled = _served([t for t in talks if not t["same_answer"]], _same_talk)
    kept = _served([t for t in talks if t["same_answer"]], _same_talk)
    vetoed = _served(traps, lambda p: veto(p["a"], p["b"]) is not None) / len(traps)
    return [
        Row("fow pairs, near-exact: served of those alike", served, "share", 0.127, 0.12,
            served >= 0.12, 0.4),
        Row("- traps served", wrong, f"of {len(traps)}", None, 0, wrong == 0),
        Row("- traps that a veto stops", vetoed, "share"),
        Row("fow conversations: traps served", fooled, "of 120", None, 0, fooled == 0),
        Row("- conversations alike served", kept, "of 120"),
    ]  # fmt: skip


def stream_rows(quick: bool) -> list[Row]:
    """banking77: hits and wrong answers of shuffled orders of the half kept for the report."""
    _, questions = halves()
    orders = QUICK_ORDERS if quick else ORDERS
    runs = [stream(questions, seed) for seed in range(orders)]
    hits, wrong = (np.array([run[n] for run in runs]) for n in (0, 1))
    kept = float((wrong <= BOUND).mean())
    return [
        Row("banking77: hits at <= 1 % wrong a request", float(hits.mean()), "share", ANCHOR_HITS,
            LEAST_HITS, bool(hits.mean() >= LEAST_HITS), 0.3),
        Row(f"- bound kept in {orders} orders", kept, "share", None, 0.95, kept >= 0.95),
        Row("- wrong a request, mean", float(wrong.mean()), "share", 0.0062),
        Row("- wrong a request, worst order", float(wrong.max()), "share", 0.0094, BOUND,
            bool(wrong.max() <= BOUND)),
        Row("- comparisons a request", float(np.mean([run[2] for run in runs])), ""),
    ]  # fmt: skip


def halves() -> tuple[list[Question], list[Question]]:
    """All questions with their intent, once shuffled: to choose on, and to report on."""
    embedding = StaticEmbedding.load()
    rows = recorded_questions()
    random.Random(_SPLIT_SEED).shuffle(rows)  # noqa: S311  # a split
    found = [(embedding.vector(text), intent) for text, intent in rows]
    known = [(vector, intent) for vector, intent in found if vector is not None]
    return known[: len(known) // 2], known[len(known) // 2 :]


def stream(questions: Sequence[Question], seed: int) -> tuple[float, float, float]:
    """Hits, wrong answers and comparisons per request; an intent stands for its answer."""
    draws = random.Random(seed)  # noqa: S311  # an order
    index, policy = AnswerIndex(), ThresholdPolicy(bound=BOUND)
    answers: dict[str, str] = {}
    hits = wrong = comparisons = 0
    for n, (vector, intent) in enumerate(draws.sample(questions, STREAM)):
        match = index.nearest(vector)
        score = match.score if match else -np.inf
        decision = policy.decide(score, draw=draws.random())
        is_wrong = match is None or answers[match.entry] != intent
        is_served = decision.action is Action.SERVE
        policy.observe(
            score, decision, is_labelled=not is_served and match is not None, is_wrong=is_wrong
        )
        if is_served:
            hits, wrong = hits + 1, wrong + is_wrong
            continue
        if match:
            comparisons += 1 + (match.rival is not None)
            if is_wrong and decision.action is Action.SHADOW:
                index.evict(match.entry)
        _keep(index, answers, (str(n), vector, intent), (match.entry, match.rival) if match else ())
    return hits / STREAM, wrong / STREAM, comparisons / STREAM


def _keep(
    index: AnswerIndex,
    answers: dict[str, str],
    new: tuple[str, Any, str],
    compared: Sequence[str | None],
) -> None:
    """Compared with the nearest entry and its rival, as a judge would offline."""
    name, vector, intent = new
    answers[name] = intent
    alike = [each for each in compared if each and answers[each] == intent]
    index.add(name, vector, same_as=alike[0] if alike else None)
    if len(alike) > 1:
        index.join(*alike)


def _served(pairs: Sequence[Any], is_served: Callable[[Any], bool]) -> int:
    return sum(map(is_served, pairs))


def _nearly_same(pair: Any) -> bool:
    return near_key(pair["a"]) == near_key(pair["b"])


def _same_talk(pair: Any) -> bool:
    """As the cache keys it: all that was said before exactly, the last question near-exactly."""
    one, two = pair["a"], pair["b"]
    return one[:-1] == two[:-1] and near_key(one[-1]["content"]) == near_key(two[-1]["content"])
