"""The data sets as they were recorded. All raise NoData where their folder is absent."""

import csv
import json
from dataclasses import dataclass
from io import StringIO
from typing import Any

from demo.sources.folders import data, json_lines


@dataclass(frozen=True, slots=True)
class Answered:
    """A question of MMLU, and whether the cheap and the strong model were right."""

    subject: str
    prompt: str
    is_cheap_right: bool
    is_strong_right: bool


def agent_runs() -> list[Any]:
    """tau-bench airline: the 200 runs of an agent, in the file's order."""
    found: list[Any] = json.loads(data("tau_bench_airline", "gpt-4o-airline.json").read_text())
    return found


def questions() -> list[tuple[str, str]]:
    """banking77: questions of a bank's customers with their intent, in the files' order."""
    return [
        (row["text"], row["category"])
        for name in ("train.csv", "test.csv")
        for row in csv.DictReader(StringIO(data("banking77", name).read_text()))
    ]


def answered() -> list[Answered]:
    """RouteLLM on MMLU: Mixtral-8x7B and GPT-4, by subject."""
    return [
        Answered(file.stem, prompt, *(each == "True" for each in right))
        for file in sorted(data("routellm", "mmlu_responses").glob("mmlu_*.csv"))
        for prompt, *right in list(csv.reader(StringIO(file.read_text())))[1:]
    ]


def arrivals() -> list[float]:
    """Mooncake's conversation trace: seconds since its beginning at which requests arrived."""
    rows = json_lines("mooncake_traces", "conversation_trace.jsonl")
    return [row["timestamp"] / 1_000 for row in rows]
