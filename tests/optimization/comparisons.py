"""Comparisons to judge."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from apps.kernel.ids import uuid7
from apps.optimization.comparisons import Comparison

_ONE = Comparison(
    event_id=uuid7(),
    organization_id=uuid7(),
    project_id=uuid7(),
    lever="semantic",
    namespace="n1",
    score=0.91,
    probability=1.0,
    asked_at=datetime(2026, 3, 15, 12, tzinfo=UTC),
    endpoint="chat.completions",
    model="gpt-4o",
    question="What is vermilion?",
    given='{"choices": []}',
    candidate='{"choices": []}',
    entry="key",
)


def comparison(**changes: Any) -> Comparison:
    """One of a call of its own."""
    return replace(_ONE, **{"event_id": uuid7()} | changes)
