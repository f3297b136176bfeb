"""Compression: recorded answers to TOON, results of tau-bench's tools, and BFCL's offered tools."""

import json
from collections import defaultdict
from typing import Any

import bpe_openai
import numpy as np

from apps.optimization.certifying import binomial_upper
from apps.optimization.compression import ResultCompressor, ranked_tools
from apps.optimization.compression.tools import KEPT
from apps.optimization.similarity import StaticEmbedding
from bench.rows import Row
from demo.sources.folders import data, json_lines
from demo.sources.recorded import agent_runs

_MODELS = ("claude-haiku-4-5-20251001", "gemini-3.6-flash", "gpt-5.4-nano", "grok-4.5")
_ENCODING = bpe_openai.get_encoding("o200k_base")


def toon_rows() -> list[Row]:
    """Recorded answers of four models to the same questions about pretty JSON and about TOON."""
    answers: dict[tuple[str, str], dict[str, Any]] = defaultdict(dict)
    for name in _MODELS:
        for each in json.loads(data("toon_accuracy", name).read_text()):
            answers[each["model"], each["questionId"]][each["format"]] = each
    pairs = [
        (a["json-pretty"], a["toon"])
        for a in answers.values()
        if {"json-pretty", "toon"} <= a.keys()
    ]
    before, after = (sum(pair[n]["inputTokens"] for pair in pairs) for n in (0, 1))
    lost = sum(a["isCorrect"] and not b["isCorrect"] for a, b in pairs)
    won = sum(b["isCorrect"] and not a["isCorrect"] for a, b in pairs)
    worst = binomial_upper(lost, len(pairs), 0.05)
    saved = 1 - after / before
    return [
        Row("TOON set: input tokens saved", saved, "share", 0.41, 0.4, saved >= 0.4),
        Row("- accuracy won minus lost", (won - lost) / len(pairs), "share", 0.008),
        Row("- answers lost, 95 % bound", worst, "share"),
    ]


def result_rows() -> list[Row]:
    """Results of tau-bench's tools that are JSON, each when it is new; tables are those that are

    lists of objects with the same keys, for which TOON has a notation.
    """
    sizes = np.array(
        [each for n, run in enumerate(agent_runs()) for each in _sizes(run["traj"], str(n))]
    )
    is_table = sizes[:, 2] == 1
    tables, everything = (1 - s[:, 1].sum() / s[:, 0].sum() for s in (sizes[is_table], sizes))
    return [
        Row("tau-bench: tokens of tables saved", float(tables), "share", None, 0.4,
            bool(tables >= 0.4)),
        Row("- of all JSON results", float(everything), "share", 0.286),
    ]  # fmt: skip


def _sizes(messages: list[Any], conversation: str) -> list[tuple[int, int, bool]]:
    """Tokens before and after, and whether it is a table, of each JSON result of one run."""
    compressor, found = ResultCompressor(), []
    for n, message in enumerate(messages):
        if message["role"] == "tool" and message["content"][:1] in ("{", "["):
            request = {"messages": messages[: n + 1]}
            texts = compressor.plan(request, conversation=conversation)
            text = texts.get(("messages", n, "content"), message["content"])
            before, after = (len(_ENCODING.encode(each)) for each in (message["content"], text))
            found.append((before, after, _is_table(message["content"])))
    return found


def _is_table(text: str) -> bool:
    rows = json.loads(text)
    if not isinstance(rows, list) or len(rows) < 2:
        return False
    return all(isinstance(row, dict) and row.keys() == rows[0].keys() for row in rows)


def tool_rows() -> list[Row]:
    """BFCL: requests of odd positions, which nothing was chosen on; KEPT of the offered tools."""
    embedding = StaticEmbedding.load()
    truths = {
        each["id"]: each["ground_truth"] for each in _bfcl("possible_answer_live_multiple.json")
    }
    kept, sizes = [], []
    for each in _bfcl("BFCL_v4_live_multiple.json")[1::2]:
        asked = " ".join(m["content"] for m in each["question"][0] if m["role"] == "user")
        best = ranked_tools(each["function"], asked, embed=embedding.vector)[:KEPT]
        names = {each["function"][n]["name"] for n in best}
        kept.append(all(set(call) <= names for call in truths[each["id"]]))
        texts = [json.dumps(tool, separators=(",", ":")) for tool in each["function"]]
        lengths = [len(_ENCODING.encode(text)) for text in texts]
        sizes.append((sum(lengths), sum(lengths[n] for n in best)))
    before, after = np.array(sizes).sum(0).tolist()
    right = float(np.mean(kept))
    return [
        Row(f"BFCL: right tool among the {KEPT} kept", right, "share", 0.991, 0.99, right >= 0.99),
        Row("- tokens of schemas saved", 1 - after / before, "share"),
    ]


def _bfcl(name: str) -> list[Any]:
    return json_lines("bfcl_v4", name)
