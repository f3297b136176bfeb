"""The provider's prompt cache: an agent's recorded runs, and a trace of production requests."""

import json
from collections.abc import Callable, Sequence
from typing import Any

import bpe_openai

from apps.optimization.prefix import CachePrices, PromptCachePlanner, anthropic_blocks
from apps.optimization.prefix.blocks import Boundary, boundaries
from apps.optimization.prefix.planning import Plan
from apps.optimization.prefix.statistics import LIVES_S
from bench.rows import Row
from demo.sources.folders import json_lines
from demo.sources.recorded import agent_runs

READ, WRITE, OUTPUT = 0.1, 1.25, 5.0
_BETWEEN_CALLS_S, _BETWEEN_RUNS_S = 5.0, 30.0  # the recorded runs bear no times
_MODEL = "claude-sonnet-4-5"  # keeps prefixes from 1,024 tokens on
_KEY = b"benchmark-of-the-prefixes"
_ENCODING = bpe_openai.get_encoding("o200k_base")
_FIVE_MINUTES = CachePrices(writes=(WRITE, float("inf")))  # the figure is about one life


def agent_rows() -> list[Row]:
    """tau-bench airline: all 200 runs one after another, each call planned from what came before.

    Cost in uncached input tokens, output at 5; schemas of tools are not recorded, hence left out.
    """
    planner, cache = PromptCachePlanner(key=_KEY, prices=_FIVE_MINUTES), _Cache()
    full = paid = now_s = 0.0
    for run in agent_runs():
        messages: list[dict[str, Any]] = []
        system, *rest = run["traj"]
        for message in rest:
            if message["role"] == "assistant":
                request = {"system": system["content"], "messages": list(messages)}
                read, written, plain = cache.bill(planner, request, now_s)
                output = _tokens(_spoken(message))
                full += read + written + plain + OUTPUT * output
                paid += READ * read + WRITE * written + plain + OUTPUT * output
                now_s += _BETWEEN_CALLS_S
            messages.append({"role": message["role"], "content": _spoken(message)})
        now_s += _BETWEEN_RUNS_S
    saved = 1 - paid / full
    figure = "tau-bench: cost saved by marks alone"
    return [Row(figure, saved, "share", 0.68, 0.66, saved >= 0.66, 0.7)]


def trace_rows() -> list[Row]:
    """Mooncake, entries of 5 minutes: the half that nothing was chosen on, learnt as it came."""
    rows = json_lines("mooncake_traces", "conversation_trace.jsonl")
    half = len(rows) // 2
    ours, always, oracle = (
        _trace(rows, half, policy) for policy in (_planned(), _all, _seer(rows))
    )
    captured, plain = ((1 - cost) / (1 - oracle) for cost in (ours, always))
    return [
        Row("Mooncake: captured of the oracle's saving", captured, "share", 0.48, 0.47,
            captured >= 0.47, 0.7),
        Row("- always marking", plain, "share", 0.38),
        Row("- input cost", ours, "x", oracle),
    ]  # fmt: skip


class _Cache:
    """What the provider would keep: entries where marks stood, found up to 20 blocks before one."""

    def __init__(self) -> None:
        self.entries: dict[bytes, float] = {}
        self.sizes: dict[str, int] = {}

    def bill(
        self, planner: PromptCachePlanner, request: dict[str, Any], now_s: float
    ) -> tuple[int, int, int]:
        """Tokens read, written and neither."""
        plan = planner.plan(request, namespace="tau", model=_MODEL, at_s=now_s)
        planner.applied(plan, at_s=now_s)
        blocks = anthropic_blocks(request)
        ends = boundaries(blocks, key=_KEY, seed=b"")
        texts = [request["system"], *(m["content"] for m in request["messages"])]
        sizes = [self.tokens(text) for text in texts]
        marked = _marked(plan, [block.path for block in blocks])
        read = self.found(ends, marked, now_s)
        last = max(marked, default=-1)
        for n in {*marked, *([read] if read >= 0 else [])}:
            self.entries[ends[n].digest] = now_s + LIVES_S[0]
        return (
            sum(sizes[: read + 1]),
            sum(sizes[read + 1 : last + 1]),
            sum(sizes[max(read, last) + 1 :]),
        )

    def found(self, ends: Sequence[Boundary], marked: Sequence[int], now_s: float) -> int:
        """The last block of the longest entry that a mark finds, or -1."""
        places = {n for mark in marked for n in range(max(mark - 19, 0), mark + 1)}
        live = [n for n in places if self.entries.get(ends[n].digest, -1.0) >= now_s]
        return max(live, default=-1)

    def tokens(self, text: str) -> int:
        """Counted once for each text."""
        if text not in self.sizes:
            self.sizes[text] = _tokens(text)
        return self.sizes[text]


def _marked(plan: Plan, paths: Sequence[Any]) -> list[int]:
    return [paths.index(mark.path) for mark in plan.marks]


def _spoken(message: dict[str, Any]) -> str:
    """What a message holds, its tool calls written out."""
    calls = [call["function"] for call in message.get("tool_calls") or ()]
    return (message.get("content") or "") + (json.dumps(calls) if calls else "")


def _tokens(text: str) -> int:
    return len(_ENCODING.encode(text))


# Of a request: when, its blocks' names, its blocks' tokens, and how many of them are kept already;
# how many are to be kept.
_Policy = Callable[[float, list[Boundary], int], int]


def _trace(rows: Sequence[Any], start: int, policy: _Policy) -> float:
    """Cost of the input from row `start` on, in multiples of what it costs without a cache."""
    live: dict[bytes, float] = {}
    paid = full = 0.0
    for n, row in enumerate(rows):
        at_s, ends = row["timestamp"] / 1_000, _ends(row)
        read = next((k for k, e in enumerate(ends) if live.get(e.digest, -1.0) < at_s), len(ends))
        kept = max(policy(at_s, ends, read), read)
        live.update((end.digest, at_s + LIVES_S[0]) for end in ends[:kept])
        if n >= start:
            was, now = (ends[k - 1].tokens if k else 0 for k in (read, kept))
            paid += READ * was + WRITE * (now - was) + row["input_length"] - now
            full += row["input_length"]
    return paid / full


def _ends(row: Any) -> list[Boundary]:
    """Whole blocks of 512 tokens; the last one of several is not whole, and never comes back."""
    names = row["hash_ids"][: max(len(row["hash_ids"]) - 1, 1)]
    sizes = [min(512 * (n + 1), row["input_length"]) for n in range(len(names))]
    return [
        Boundary(name.to_bytes(8, "big"), size) for name, size in zip(names, sizes, strict=True)
    ]


def _planned() -> _Policy:
    planner = PromptCachePlanner(key=_KEY, prices=_FIVE_MINUTES, capacity=200_000)

    def policy(at_s: float, ends: list[Boundary], read: int) -> int:
        end = planner.target(ends, namespace="mooncake", at_s=at_s).end
        kept = tuple((each.digest, 0) for each in ends[: max(end + 1, read)])
        planner.applied(Plan((), "", kept=kept), at_s=at_s)
        return end + 1

    return policy


def _all(at_s: float, ends: list[Boundary], read: int) -> int:
    return len(ends)


def _seer(rows: Sequence[Any]) -> _Policy:
    """Keeps what comes back in time, and nothing else."""
    following: dict[bytes, float] = {}
    useful: list[int] = []
    for row in reversed(rows):
        at_s, ends = row["timestamp"] / 1_000, _ends(row)
        soon = [n + 1 for n, e in enumerate(ends) if following.get(e.digest, 1e18) - at_s <= 300]
        useful.append(max(soon, default=0))
        following.update((end.digest, at_s) for end in ends)
    return lambda at_s, ends, read: useful.pop()
